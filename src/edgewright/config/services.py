"""`services`: the other Workers that a Worker can call, by the names that they have in its `env`.

https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/
"""

from __future__ import annotations

from typing import Any

from edgewright.config.documents import check_json
from edgewright.config.worker_config import ConfigError, Service

_KEYS = ("binding", "service", "entrypoint", "props")


def read_services(document: dict[str, Any], where: str) -> dict[str, Service]:
    """By their names in `env`. Raises ConfigError."""
    entries: Any = document.get("services", [])
    if not isinstance(entries, list):
        raise ConfigError(f"{where}: services must be a list")
    services: dict[str, Service] = {}
    for entry in entries:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(entry, dict):
            raise ConfigError(f"{where}: services: each must name a binding and a service")
        binding, service = _service(entry, where)  # pyright: ignore[reportUnknownArgumentType]
        if binding in services or binding in document.get("vars", {}):
            raise ConfigError(f"{where}: there are two bindings named {binding}")
        services[binding] = service
    return services


def _service(entry: dict[str, Any], where: str) -> tuple[str, Service]:
    for key in ("binding", "service"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise ConfigError(f"{where}: services: {key} must be a string, in each entry")
    for key in entry:
        if key not in _KEYS:
            raise ConfigError(f'{where}: services: "{key}" is not supported yet')
    entrypoint = entry.get("entrypoint")
    if entrypoint is not None and (not isinstance(entrypoint, str) or not entrypoint):
        raise ConfigError(f"{where}: services: entrypoint must be the name of an export")
    props: Any = entry.get("props", {})
    if not isinstance(props, dict):
        raise ConfigError(f"{where}: services: props must be a table")
    check_json(props, f"{where}: services: props")
    return entry["binding"], Service(
        entry["service"],
        entrypoint,
        props,  # pyright: ignore[reportUnknownArgumentType]
    )
