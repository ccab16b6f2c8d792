"""Whether Workers that are served together fit together: names, routes, service bindings."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from edgewright.build import WorkerBundle
from edgewright.config import ConfigError


def check_wiring(bundles: Sequence[WorkerBundle], outside: Container[str]) -> None:
    """`outside` are the names of services that are no Workers. Raises ConfigError."""
    _check_routes(bundles)
    names = [bundle.name for bundle in bundles]
    for bundle in bundles:
        if names.count(bundle.name) > 1:
            raise ConfigError(
                f'There are two Workers named "{bundle.name}": their names must differ.'
            )
        if bundle.name in outside:
            raise ConfigError(f'There are a Worker and a service named "{bundle.name}".')
        for consumer in bundle.tail_consumers:
            if consumer not in names:
                raise ConfigError(
                    f'{bundle.name}: tail_consumers names the Worker "{consumer}", which is not '
                    "served: give its path as well"
                )
        for binding, service in bundle.services.items():
            if service.worker not in outside and service.worker not in names:
                raise ConfigError(
                    f"{bundle.name}: the service binding {binding} leads to the Worker "
                    f'"{service.worker}", which is not served: give its path as well'
                )


def check_entrypoints(
    bundles: Sequence[WorkerBundle],
    outside: Container[str],
    exported_by: Callable[[str], list[str]],
) -> None:
    """Once all are loaded: whether service bindings lead to something. Raises ConfigError."""
    for bundle in bundles:
        for binding, service in bundle.services.items():
            exported = [] if service.worker in outside else exported_by(service.worker)
            if service.entrypoint is not None and service.entrypoint not in exported:
                there = ", ".join(exported) or "nothing that can be called"
                raise ConfigError(
                    f"{bundle.name}: the service binding {binding} leads to the "
                    f'entrypoint "{service.entrypoint}" of the Worker "{service.worker}", '
                    f"which exports {there}"
                )


def _check_routes(bundles: Sequence[WorkerBundle]) -> None:
    """Raises ConfigError where two Workers have the same one."""
    owners: dict[object, str] = {}
    for bundle in bundles:
        for route in bundle.routes:
            owner = owners.setdefault(route.key, bundle.name)
            if owner != bundle.name:
                raise ConfigError(
                    f'The route "{route.pattern}" is of two Workers, "{owner}" and '
                    f'"{bundle.name}": each may be of one.'
                )
