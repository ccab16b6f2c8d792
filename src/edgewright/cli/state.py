"""What the commands that look into local state have in common."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from edgewright.bindings.bindings import default_state
from edgewright.config import ConfigError, WorkerConfig, load_config
from edgewright.config.environments import ENVIRONMENT

_T = TypeVar("_T")
_Store = TypeVar("_Store", bound="_Closable")

STATE = click.option(
    "--state",
    "--persist-to",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where KV, secrets and the like are kept. .edgewright/state beside the first Worker, if "
    "it is not given.",
)

_CONFIG = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path),
    metavar="PATH",
    default=Path(),
    help="The Worker: its configuration, or the folder of it. The current folder, if it is not "
    "given.",
)


def _use_environment(
    _context: click.Context, _parameter: click.Parameter, name: str | None
) -> str | None:
    """For this process and those that it starts, as Wrangler's variable does."""
    if name is not None:
        os.environ[ENVIRONMENT] = name
    return name


IN_ENVIRONMENT = click.option(
    "--env",
    "-e",
    metavar="NAME",
    callback=_use_environment,
    expose_value=False,
    help=f"The environment of the configuration, env.NAME; what the variable {ENVIRONMENT} says, "
    "if it is not given.",
)


def of_a_worker(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which Worker's state it is."""
    return STATE(_CONFIG(IN_ENVIRONMENT(command)))


def configuration(config: Path) -> WorkerConfig:
    """Raises ClickException."""
    try:
        return load_config(config)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


def folder_of(state: Path | None, config: Path) -> Path:
    """Where the state is."""
    return state or default_state(config)


class _Closable(Protocol):
    async def close(self) -> None: ...


def run_with(open_store: Callable[[], _Store], work: Callable[[_Store], Awaitable[_T]]) -> _T:
    """What `work` gives, with a store that is open meanwhile."""

    async def run() -> _T:
        store = open_store()
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())
