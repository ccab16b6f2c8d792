"""`tail_consumers`: the Workers that are told of a Worker's requests, once these have ended.

https://developers.cloudflare.com/workers/observability/logs/tail-workers/
"""

from __future__ import annotations

from typing import Any, cast

from edgewright.config.worker_config import ConfigError


def read_tail_consumers(document: dict[str, Any], where: str) -> list[str]:
    """Their names, each once. Raises ConfigError."""
    at = f"{where}: tail_consumers"
    entries: Any = document.get("tail_consumers", [])
    if not isinstance(entries, list):
        raise ConfigError(f"{at} must be a list")
    names: list[str] = []
    for entry in cast(list[Any], entries):
        match entry:
            case {"service": str(name)} if name:
                pass
            case _:
                raise ConfigError(f'{at}: each must name a Worker, as in {{ service = "logs" }}')
        for key in cast(dict[str, Any], entry):
            if key != "service":
                raise ConfigError(f'{at}: "{key}" is not supported; there is service')
        if name not in names:
            names.append(name)
    return names
