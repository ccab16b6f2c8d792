"""`edgewright secret`: the encrypted secrets of Workers, with Wrangler's names.

https://developers.cloudflare.com/workers/wrangler/commands/#secret
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from edgewright.cli.state import configuration, folder_of, of_a_worker
from edgewright.secrets.errors import SecretError
from edgewright.secrets.store import SecretStore


class _Secrets:
    """Those of one Worker. Raises ClickException."""

    def __init__(self, store: SecretStore, worker: str) -> None:
        self.worker = worker
        self._store = store

    def put(self, values: dict[str, str]) -> None:
        try:
            self._store.put(self.worker, values)
        except SecretError as error:
            raise click.ClickException(str(error)) from error

    def names(self) -> list[str]:
        try:
            return self._store.names(self.worker)
        except SecretError as error:
            raise click.ClickException(str(error)) from error

    def delete(self, name: str) -> bool:
        try:
            return self._store.delete(self.worker, name)
        except SecretError as error:
            raise click.ClickException(str(error)) from error


def _of_a_worker(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say whose secrets they are; the command gets _Secrets."""

    def with_secrets(name: str | None, config: Path, state: Path | None, **others: Any) -> Any:
        worker = name or configuration(config).name
        return command(_Secrets(SecretStore(folder_of(state, config)), worker), **others)

    with_secrets.__doc__ = command.__doc__
    with_secrets.__click_params__ = list(getattr(command, "__click_params__", []))  # type: ignore[attr-defined]
    name = click.option("--name", metavar="WORKER", help="The Worker, if no configuration says it.")
    return of_a_worker(name(with_secrets))


@click.group()
def secret() -> None:
    """Keep what a Worker needs to know and nobody else may, for `edgewright serve`."""


@secret.command("put")
@click.argument("key")
@_of_a_worker
def put(secrets: _Secrets, key: str) -> None:
    """Keep the secret KEY: asks for its value, or reads it from the standard input."""
    if sys.stdin.isatty():
        value: str = click.prompt("Enter a secret value", hide_input=True)
    else:
        value = sys.stdin.read()
    secrets.put({key: value.rstrip()})
    click.echo(f"Success! Kept the secret {key} of the Worker {secrets.worker}.")


@secret.command("bulk")
@click.argument("file", type=click.File("rb"), default="-")
@_of_a_worker
def bulk(secrets: _Secrets, file: Any) -> None:
    """Keep several: a JSON object of names and values, in FILE or from the standard input."""
    try:
        values = msgspec.json.decode(file.read(), type=dict[str, str])
    except msgspec.DecodeError:
        # What the parser says could show a part of a value.
        raise click.ClickException("That is no JSON object of names and values.") from None
    secrets.put(values)
    click.echo(f"Success! Kept {len(values)} secrets of the Worker {secrets.worker}.")


@secret.command("list")
@click.option(
    "--format", "form", type=click.Choice(["json", "pretty"]), default="json", show_default=True
)
@_of_a_worker
def list_(secrets: _Secrets, form: str) -> None:
    """Print the names of the secrets; their values stay where they are."""
    names = secrets.names()
    if form == "pretty":
        for name in names:
            click.echo(f"Secret Name: {name}")
    else:
        found = [{"name": name, "type": "secret_text"} for name in names]
        click.echo(json.dumps(found, indent=2))


@secret.command("delete")
@click.argument("key")
@_of_a_worker
def delete(secrets: _Secrets, key: str) -> None:
    """Forget the secret KEY."""
    question = (
        f"Are you sure you want to permanently delete the secret {key} on the Worker "
        f"{secrets.worker}?"
    )
    if sys.stdin.isatty() and not click.confirm(question):
        return
    if not secrets.delete(key):
        raise click.ClickException(f"The Worker {secrets.worker} has no secret {key}.")
    click.echo(f"Success! Deleted secret {key}.")
