"""The bindings of a configuration that are more than a value."""

from __future__ import annotations

from typing import Any

from edgewright.config.binding_config import BindingConfig, KVNamespace
from edgewright.config.worker_config import ConfigError

_NAMES = ("kv_namespaces",)


def read_bindings(document: dict[str, Any], where: str) -> dict[str, BindingConfig]:
    """By their names in `env`. Raises ConfigError."""
    found: dict[str, BindingConfig] = {}
    taken = set(_keys(document.get("vars"))) | {
        entry.get("binding") for entry in _dicts(document.get("services"))
    }
    for entry in _entries(document, "kv_namespaces", where):
        name = _text(entry, "binding", f"{where}: kv_namespaces")
        _only(entry, ("binding", "id", "preview_id"), f"{where}: kv_namespaces")
        id = _optional_text(entry, "id", f"{where}: kv_namespaces")
        preview_id = _optional_text(entry, "preview_id", f"{where}: kv_namespaces")
        if name in taken:
            raise ConfigError(f"{where}: there are two bindings named {name}")
        taken.add(name)
        found[name] = KVNamespace(id or name, preview_id)
    return found


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
