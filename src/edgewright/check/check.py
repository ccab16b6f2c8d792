"""`edgewright check`: what `serve` would refuse, and what the code of Workers shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edgewright.build import BuildError, WorkerBundle, build_bundle
from edgewright.build.load_error import place_of
from edgewright.check.problem import Place, Problem, problem_of
from edgewright.check.static import findings_of
from edgewright.config import ConfigError, load_config
from edgewright.excerpt import display_path, source_excerpt
from edgewright.gateway.hosts import HostError
from edgewright.gateway.node import Node, StartupError
from edgewright.outside.service import OutsideService, outside_service
from edgewright.wiring import check_entrypoints, check_wiring


class CheckError(Exception):
    """There is nothing that could be checked; the message tells the person why."""


async def check(paths: Sequence[Path], services: Mapping[str, str]) -> list[Problem]:
    """All problems of the Workers at `paths`, which are served together.

    They are started, to see whether they do. Their secrets are not looked at: where a
    configuration requires some, empty ones are put in their place. Raises CheckError.
    """
    bundles: list[WorkerBundle] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            config = load_config(path)
            bundle = build_bundle(config)
        except (ConfigError, BuildError) as error:
            raise CheckError(str(error)) from error
        bundles.append(replace(bundle, secrets=dict.fromkeys(config.required_secrets or (), "")))
        problems += [
            Problem("start", "note", "proved", warning, Place(None, 0, 0))
            for warning in config.warnings
        ]
        problems += [
            problem_of(finding, bundle.files)
            for finding in findings_of(bundles[-1], configured=config.source is not None)
        ]
    return [*await _starting(bundles, services), *problems]


async def _starting(bundles: list[WorkerBundle], services: Mapping[str, str]) -> list[Problem]:
    """Why the Workers don't start. Raises CheckError."""
    outside: dict[str, OutsideService] = {}
    node = Node(outside=outside)
    try:
        for name, target in services.items():
            outside[name] = outside_service(name, target)
        check_wiring(bundles, outside)
        failed = [_failure(error) for bundle in bundles if (error := await _failing(node, bundle))]
        if not failed:
            check_entrypoints(bundles, outside, node.entrypoints)
        return failed
    except ConfigError as error:
        return [Problem("start", "error", "proved", str(error), Place(None, 0, 0))]
    except HostError as error:
        raise CheckError(f"Workers can't be started here: {error}") from error
    finally:
        await node.close()


async def _failing(node: Node, bundle: WorkerBundle) -> StartupError | None:
    """Raises HostError."""
    try:
        await node.deploy(bundle)
    except StartupError as error:
        return error
    return None


def _failure(error: StartupError) -> Problem:
    thrown, bundle = error.error, error.bundle
    text = f"{thrown.name}: {thrown.message}"
    found = place_of(bundle, thrown)
    if found is None:
        return Problem("start", "error", "proved", f"{bundle.name}: {text}", Place(None, 0, 0))
    path, line, column = found
    excerpt = source_excerpt(bundle.sources.get(thrown.specifier, ""), line, column)
    place = Place(display_path(path), line, column, excerpt=excerpt)
    return Problem("start", "error", "proved", text, place)
