"""From the PATH that a person gave to a Worker that answers, or to a message that says why not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from edgewright.build import BuildError, WorkerBundle, build_bundle, format_load_error
from edgewright.config import ConfigError, WorkerConfig, load_config
from edgewright.gateway.hosts import HostError
from edgewright.gateway.node import Node, StartupError


class LoadingError(Exception):
    """The Worker cannot run as it is; the message is for the person, and may have several lines."""


@dataclass(frozen=True, slots=True)
class Built:
    config: WorkerConfig
    bundle: WorkerBundle


async def build(path: Path) -> Built:
    """Reads everything there is to read. Raises LoadingError."""
    return await asyncio.to_thread(_build, path)


async def deploy(node: Node, bundle: WorkerBundle) -> None:
    """Raises LoadingError; a version of the Worker that ran before runs on then."""
    try:
        await node.deploy(bundle)
    except StartupError as error:
        raise LoadingError(format_load_error(bundle, error.error)) from error
    except HostError as error:
        raise LoadingError(str(error)) from error


def _build(path: Path) -> Built:
    try:
        config = load_config(path)
        return Built(config, build_bundle(config))
    except (ConfigError, BuildError) as error:
        raise LoadingError(str(error)) from error
