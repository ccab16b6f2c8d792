"""Secrets of a Worker that is being written: `.dev.vars` or `.env` beside its configuration.

https://developers.cloudflare.com/workers/local-development/environment-variables/
"""

from __future__ import annotations

from pathlib import Path

from edgewright.excerpt import display_path
from edgewright.secrets.errors import SecretError

FILE = "secrets.json"
"""The encrypted store's, in the state folder."""


def file_names(environment: str | None) -> list[str]:
    """All that may matter."""
    named = [] if not environment else [f".dev.vars.{environment}"]
    return [*named, ".dev.vars", *_env_names(environment)]


def read_files(folder: Path, environment: str | None) -> dict[str, str]:
    """`.dev.vars` of the environment, or else `.dev.vars`, or else whatever `.env` files there are:
    of those, the more special win. Raises SecretError."""
    for name in file_names(environment):
        if name.startswith(".dev.vars") and (folder / name).is_file():
            return _read(folder / name)
    found: dict[str, str] = {}
    for name in reversed(_env_names(environment)):
        if (folder / name).is_file():
            found |= _read(folder / name)
    return found


def _env_names(environment: str | None) -> list[str]:
    """The most special first."""
    if not environment:
        return [".env.local", ".env"]
    return [f".env.{environment}.local", ".env.local", f".env.{environment}", ".env"]


def _read(path: Path) -> dict[str, str]:
    from dotenv import dotenv_values  # 2 MB, which gateways that serve need not

    try:
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SecretError(f"{display_path(path)}: {reason}") from None
    return {name: value or "" for name, value in values.items()}
