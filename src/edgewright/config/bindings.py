"""The bindings of a configuration that are more than a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from edgewright.config.binding_config import BindingConfig, KVNamespace, RateLimit, RateRule
from edgewright.config.worker_config import ConfigError

_PERIODS = (10, 60)


def read_bindings(document: dict[str, Any], where: str) -> dict[str, BindingConfig]:
    """By their names in `env`. Raises ConfigError."""
    found: dict[str, BindingConfig] = {}
    taken = set(_keys(document.get("vars"))) | {
        entry.get("binding") for entry in _dicts(document.get("services"))
    }
    for name, binding in [*_kv_namespaces(document, where), *_rate_limits(document, where)]:
        if name in taken:
            raise ConfigError(f"{where}: there are two bindings named {name}")
        taken.add(name)
        found[name] = binding
    return found


def read_rate_rules(document: dict[str, Any], where: str) -> list[RateRule]:
    """Those of the table `edgewright`. Raises ConfigError."""
    table: Any = document.get("edgewright", {})
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: edgewright must be a table")
    _only(table, ("rate_limits",), f"{where}: edgewright")  # pyright: ignore[reportUnknownArgumentType]
    rules = _entries(table, "rate_limits", f"{where}: edgewright")  # pyright: ignore[reportUnknownArgumentType]
    try:
        return msgspec.convert(rules, list[RateRule])
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: edgewright.rate_limits: {error}") from None


def read_required_secrets(document: dict[str, Any], where: str) -> list[str] | None:
    """What the table `secrets` requires. Raises ConfigError."""
    match document.get("secrets"):
        case None:
            return None
        case {"required": [*names], **others} if not others:
            if all(isinstance(name, str) for name in names):
                return names
        case _:
            pass
    raise ConfigError(f"{where}: secrets must have a list of names, required, and nothing else")


def _kv_namespaces(document: dict[str, Any], where: str) -> Iterator[tuple[str, KVNamespace]]:
    at = f"{where}: kv_namespaces"
    for entry in _entries(document, "kv_namespaces", where):
        _only(entry, ("binding", "id", "preview_id"), at)
        name = _text(entry, "binding", at)
        id = _optional_text(entry, "id", at)
        yield name, KVNamespace(id or name, _optional_text(entry, "preview_id", at))


def _rate_limits(document: dict[str, Any], where: str) -> Iterator[tuple[str, RateLimit]]:
    """`ratelimits`, and the form that they had before: `unsafe.bindings` of type ratelimit."""
    for entry in _entries(document, "ratelimits", where):
        yield _rate_limit(entry, ("name", "namespace_id", "simple"), f"{where}: ratelimits")
    unsafe: Any = document.get("unsafe", {})
    if not isinstance(unsafe, dict):
        raise ConfigError(f"{where}: unsafe must be a table")
    for key in unsafe:  # pyright: ignore[reportUnknownVariableType]
        if key != "bindings":
            raise ConfigError(f'{where}: unsafe: "{key}" is not supported')
    for entry in _entries(unsafe, "bindings", f"{where}: unsafe"):  # pyright: ignore[reportUnknownArgumentType]
        if entry.get("type") != "ratelimit":
            raise ConfigError(f"{where}: unsafe.bindings: only the type ratelimit is supported")
        keys = ("name", "type", "namespace_id", "simple")
        yield _rate_limit(entry, keys, f"{where}: unsafe.bindings")


def _rate_limit(entry: dict[str, Any], keys: tuple[str, ...], at: str) -> tuple[str, RateLimit]:
    _only(entry, keys, at)
    name, namespace = _text(entry, "name", at), _text(entry, "namespace_id", at)
    match entry.get("simple"):
        case {"limit": int(limit), "period": int(period), **others} if limit > 0 and not others:
            pass
        case _:
            example = "{ limit = 100, period = 60 }"
            raise ConfigError(f"{at}: simple must be a limit and a period, as in {example}")
    if period not in _PERIODS:
        raise ConfigError(f"{at}: {name}: the period must be 10 or 60 seconds, not {period}")
    return name, RateLimit(namespace, limit, period)


def _entries(document: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    entries: Any = document.get(key, [])
    if not isinstance(entries, list):
        raise ConfigError(f"{where}: {key} must be a list")
    for entry in entries:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(entry, dict):
            raise ConfigError(f"{where}: {key}: each entry must be a table with a name for it")
    return entries  # pyright: ignore[reportUnknownVariableType]


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    text = _optional_text(entry, key, where)
    if text is None:
        raise ConfigError(f"{where}: {key} must be a string, in each entry")
    return text


def _optional_text(entry: dict[str, Any], key: str, where: str) -> str | None:
    text = entry.get(key)
    if text is not None and (not isinstance(text, str) or not text):
        raise ConfigError(f"{where}: {key} must be a string, in each entry")
    return text


def _only(entry: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in entry:
        if key not in known:
            raise ConfigError(f'{where}: "{key}" is not supported; there are {", ".join(known)}')


def _keys(table: Any) -> list[str]:
    return list(table) if isinstance(table, dict) else []  # pyright: ignore[reportUnknownArgumentType]


def _dicts(entries: Any) -> list[dict[str, Any]]:
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict)]  # pyright: ignore[reportUnknownVariableType]
