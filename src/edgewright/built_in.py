"""The modules that the runtime layer brings: `node:…` and `cloudflare:…`."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from pathlib import Path

_MANIFEST = Path(__file__).parent / "isolate" / "runtime-modules.json"

_SAME = {"node:sys": "node:util", "node:path/posix": "node:path"}
"""Two names of one module."""


@cache
def built_in_exports() -> dict[str, list[str]]:
    """Specifier → names of its exports; made by runtime/build.js."""
    return json.loads(_MANIFEST.read_text())


def built_in(specifier: str, flags: Collection[str]) -> str | None:
    """The full specifier of a module that is there under these compatibility flags."""
    exports = built_in_exports()
    if specifier.startswith("cloudflare:"):
        return specifier if specifier in exports else None
    if not specifier.startswith("node:"):
        if "nodejs_compat_v2" not in flags:
            return None
        specifier = f"node:{specifier}"
    specifier = _SAME.get(specifier, specifier)
    if specifier not in exports:
        return None
    alone = "nodejs_als" in flags and specifier == "node:async_hooks"
    return specifier if alone or "nodejs_compat" in flags else None
