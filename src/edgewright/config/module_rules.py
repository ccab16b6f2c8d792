"""Which files may be imported as what: Wrangler's `rules`, and those that hold without any.

https://developers.cloudflare.com/workers/wrangler/bundling/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

ModuleKind = Literal["esm", "commonjs", "json", "text", "data", "wasm"]

KIND_OF_TYPE: dict[str, ModuleKind] = {
    "ESModule": "esm",
    "CommonJS": "commonjs",
    "CompiledWasm": "wasm",
    "Text": "text",
    "Data": "data",
}
"""By the names that Wrangler has for them."""


@dataclass(frozen=True, slots=True)
class ModuleRule:
    """Files that match one of the globs are of this kind."""

    kind: ModuleKind
    globs: tuple[str, ...]
    fallthrough: bool = False
    """Without it, later rules for the same kind are of no use: so it replaces a default rule."""


DEFAULT_RULES = (
    ModuleRule("text", ("**/*.txt", "**/*.html", "**/*.sql")),
    ModuleRule("data", ("**/*.bin",)),
    ModuleRule("wasm", ("**/*.wasm",)),
)
"""Wrangler's."""

_BUNDLER_RULES = (
    ModuleRule("esm", ("**/*.js", "**/*.mjs")),
    ModuleRule("commonjs", ("**/*.cjs",)),
    ModuleRule("json", ("**/*.json",)),
)
"""What the platform's bundler would make of files that no rule names."""


def effective_rules(rules: Sequence[ModuleRule]) -> list[ModuleRule]:
    """Those of the configuration, then the default ones that they leave in force."""
    effective: list[ModuleRule] = []
    complete: set[ModuleKind] = set()
    for rule in (*rules, *DEFAULT_RULES):
        if rule.kind in complete:
            continue
        effective.append(rule)
        if not rule.fallthrough:
            complete.add(rule.kind)
    return [*effective, *_BUNDLER_RULES]


def kind_of(path: str, rules: Iterable[ModuleRule]) -> ModuleKind | None:
    """What a file is, by its path below the configuration's folder, with `/`."""
    for rule in rules:
        if any(_pattern(glob).fullmatch(path) for glob in rule.globs):
            return rule.kind
    return None


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    """`**` is any number of folders, `*` anything within one name, `{a,b}` either."""
    parts: list[str] = []
    braces = 0
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\{|\}|,|[^*?{},]+", glob.removeprefix("./")):
        match token:
            case "**/":
                parts.append("(?:[^/]+/)*")
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case "{":
                braces += 1
                parts.append("(?:")
            case "}" if braces:
                braces -= 1
                parts.append(")")
            case "," if braces:
                parts.append("|")
            case _:
                parts.append(re.escape(token))
    return re.compile("".join(parts) + ")" * braces)
