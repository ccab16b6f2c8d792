"""Source maps, as DevTools gets them: whole, in place of their URLs.

A front-end would have to fetch what `//# sourceMappingURL=` names, and then each source: from a
server that there is none of, or from files that a browser may not read.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

_MOST = 64 << 20
"""Bytes of a map."""

_SOURCES = frozenset(".ts .tsx .mts .cts .js .jsx .mjs .cjs .vue .svelte .astro".split())
"""A map may name any file; these are sources."""


def inline_source_map(url: str, script: Path) -> str:
    """The map that a script names as a data: URL; or `url` as it is, where there is no such map.

    Its sources are by absolute URLs then, and have their contents.
    """
    if ":" in url:
        return url
    file = (script.parent / unquote(url)).resolve()
    try:
        if file.stat().st_size > _MOST:
            return url
        source_map = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
        _complete(source_map, file.parent)
    except (OSError, ValueError, TypeError):
        return url
    encoded = base64.b64encode(msgspec.json.encode(source_map)).decode()
    return f"data:application/json;base64,{encoded}"


def _complete(source_map: dict[str, Any], folder: Path) -> None:
    """Source map specification (ECMA-426) §9: sources are relative to sourceRoot, and with it to
    the map."""
    sources = list[str | None](source_map["sources"])
    contents = list[str | None](source_map.get("sourcesContent") or [])
    contents += [None] * (len(sources) - len(contents))
    root = source_map.pop("sourceRoot", None) or ""
    for index, source in enumerate(sources):
        if source is None or ":" in source or ":" in root:
            continue
        path = (folder / root / source).resolve()
        sources[index] = path.as_uri()
        if contents[index] is None and path.suffix in _SOURCES and path.is_file():
            contents[index] = path.read_text(errors="replace")
    source_map["sources"], source_map["sourcesContent"] = sources, contents
