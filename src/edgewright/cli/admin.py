"""The options that say where the admin port is, and who may look."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from edgewright.supervisor import AdminAddress

_ADDRESS = re.compile(r"(?:(\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+):)?([0-9]{1,5})")
OFF = "off"


def admin_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Of serve and dev; admin_address() makes sense of them."""
    for decorate in (
        click.option(
            "--admin-token-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="File with the token that the admin port asks for: a line of 16 characters or "
            "more. Or set EDGEWRIGHT_ADMIN_TOKEN. Needed where other machines can reach the port.",
        ),
        click.option(
            "--admin-token", hidden=True, envvar="EDGEWRIGHT_ADMIN_TOKEN", expose_value=True
        ),
        click.option(
            "--admin",
            metavar="[HOST:]PORT|off",
            callback=_parse,
            help="Where the dashboard, its API and /metrics are, as in --admin 127.0.0.1:8788. "
            "serve has none by default; dev has one on port 8788, or on a free one.",
        ),
    ):
        command = decorate(command)
    return command


def admin_address(
    admin: tuple[str, int] | str | None, token: str | None, token_file: Path | None, *, dev: bool
) -> AdminAddress | None:
    """Where it is to be, if anywhere."""
    if admin == OFF or (admin is None and not dev):
        return None
    if token_file is not None:
        try:
            token = token_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise click.BadParameter(
                f"{token_file} can't be read: {error}", param_hint="--admin-token-file"
            ) from error
    if admin is None:
        return AdminAddress(token=token or None, insist=False)
    host, port = admin
    return AdminAddress(host, int(port), token or None)


def _parse(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[str, int] | str | None:
    if value is None or value == OFF:
        return value
    found = _ADDRESS.fullmatch(value)
    if found is None or int(found[2]) > 65535:
        raise click.BadParameter(f"{value!r} is not [HOST:]PORT, as in 127.0.0.1:8788, nor off")
    return found[1] or "127.0.0.1", int(found[2])
