"""`route` and `routes`: which requests a Worker answers, by their URLs.

https://developers.cloudflare.com/workers/configuration/routing/routes/#matching-behavior
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from edgewright.config.worker_config import ConfigError, Route

_KEYS = ("pattern", "zone_name", "zone_id", "custom_domain", "enabled", "previews_enabled")
_HOST = re.compile(r"\*?[a-z0-9_.-]*|\*?\[[0-9a-f:.]+\]")


def read_routes(document: dict[str, Any], where: str) -> list[Route]:
    """Raises ConfigError."""
    if "route" in document and "routes" in document:
        raise ConfigError(f'{where}: there are "route" and "routes": use one of them')
    entries: Any = document.get("routes", [document["route"]] if "route" in document else [])
    if not isinstance(entries, list):
        raise ConfigError(f"{where}: routes must be a list")
    return [
        _route(entry, f"{where}: routes")
        for entry in entries  # pyright: ignore[reportUnknownVariableType]
    ]


def _route(entry: Any, where: str) -> Route:
    custom_domain = False
    pattern = entry
    if isinstance(entry, dict):
        known: dict[str, Any] = entry  # pyright: ignore[reportUnknownVariableType]
        for key in known:
            if key not in _KEYS:
                raise ConfigError(f'{where}: "{key}" is not supported; there are {_list(_KEYS)}')
        pattern = known.get("pattern")
        custom_domain = known.get("custom_domain", False) is True
    if not isinstance(pattern, str) or not pattern:
        raise ConfigError(
            f'{where}: each must be a pattern, as in "example.com/*", or a table with a pattern'
        )
    return _custom_domain(pattern, where) if custom_domain else parse_route(pattern, where)


def _custom_domain(pattern: str, where: str) -> Route:
    """A host with all its paths."""
    shown = f'{where}: the custom domain "{pattern}"'
    if "*" in pattern:
        raise ConfigError(f"{shown} must have no *")
    if "/" in pattern:
        raise ConfigError(f"{shown} must be a host name, without a path")
    return msgspec.structs.replace(parse_route(f"{pattern}/*", where), pattern=pattern)


def parse_route(pattern: str, where: str) -> Route:
    """Raises ConfigError."""
    shown = f'{where}: the pattern "{pattern}"'
    scheme, separator, rest = pattern.rpartition("://")
    if separator and scheme not in ("http", "https"):
        raise ConfigError(f"{shown} must begin with a host name, http:// or https://")
    if "?" in pattern or "#" in pattern:
        raise ConfigError(f"{shown} must have no query: one that ends in * takes any")
    host, slash, path = rest.partition("/")
    if host == "*" and not slash:
        path = "*"
    host = host.lower()
    if not host:
        raise ConfigError(f'{shown} names no host; any host is "*/*"')
    if not host.isascii():
        raise ConfigError(f"{shown} must have its host name in ASCII, as xn--… (punycode)")
    if re.search(r"[^\[:\]]:\d*$", host):
        raise ConfigError(f"{shown} must have no port: a Worker answers on the one that is served")
    if "*" in host[1:] or "*" in path[:-1]:
        raise ConfigError(f"{shown} may have a * where the host begins and where the path ends")
    if not _HOST.fullmatch(host):
        raise ConfigError(f"{shown} has a host name that is none")
    return Route(
        pattern=pattern,
        scheme=scheme or None,
        host=host.removeprefix("*"),
        any_start=host.startswith("*"),
        path="/" + path.removesuffix("*"),
        any_end=path.endswith("*"),
    )


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)
