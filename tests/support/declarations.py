"""Reads TypeScript declarations as far as they say what there is at run time.

Types are skipped over, not understood: what counts is which globals there are, which are classes,
and which members they have of which kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["method", "getter", "property", "constructor"]

_TOKEN = re.compile(
    r"""
    (?P<skip> \s+ | //[^\n]* | /\*.*?\*/ )
    | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `(?:[^`\\]|\\.)*`
    | [\w$]+ | => | \.\.\. | \S
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING = "([{<"
_CLOSING = ")]}>"


@dataclass
class Members:
    """A class, an interface, or the object type of a variable."""

    parent: str | None = None
    instance: dict[str, Kind] = field(default_factory=dict[str, Kind])
    static: dict[str, Kind] = field(default_factory=dict[str, Kind])
    #: What a member is said to be, where that is one name: `Performance`, `typeof Event`.
    types: dict[str, str] = field(default_factory=dict[str, str])
    abstract: bool = False


@dataclass
class Declarations:
    """What a file declares, by name."""

    classes: dict[str, Members] = field(default_factory=dict[str, Members])
    interfaces: dict[str, Members] = field(default_factory=dict[str, Members])
    functions: set[str] = field(default_factory=set[str])
    #: Variables, and what they are said to be.
    variables: dict[str, str] = field(default_factory=dict[str, str])
    namespaces: dict[str, Declarations] = field(default_factory=dict[str, "Declarations"])


def parse_declarations(text: str) -> Declarations:
    tokens = [m[0] for m in _TOKEN.finditer(text) if m["skip"] is None]
    return _parse_scope(tokens)


def _parse_scope(tokens: list[str]) -> Declarations:
    found = Declarations()
    for statement in _statements(tokens):
        words = [word for word in statement[:4] if word in ("declare", "export", "abstract")]
        kind, *rest = statement[len(words) :]
        if kind == "class":
            found.classes[rest[0]] = _class(rest, "abstract" in words)
        elif kind == "interface":
            _merge(found.interfaces.setdefault(rest[0], Members()), _class(rest, False))
        elif kind == "function":
            found.functions.add(rest[0])
        elif kind in ("const", "var", "let"):
            _variable(found, rest)
        elif kind in ("namespace", "module"):
            body = rest[rest.index("{") + 1 : -1]
            found.namespaces[rest[0].strip('"')] = _parse_scope(body)
    return found


def _statements(tokens: list[str]) -> Iterator[list[str]]:
    """Cuts at semicolons, and after the block of a class, an interface or a namespace."""
    start = depth = 0
    for i, token in enumerate(tokens):
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth > 0:
            continue
        block = token == "}" and _has_block(tokens[start : start + 4])
        if token == ";" or block:
            statement = tokens[start : i + block]
            if statement:
                yield statement
            start = i + 1


def _has_block(words: list[str]) -> bool:
    return any(word in ("class", "interface", "namespace", "module") for word in words)


def _class(tokens: list[str], abstract: bool) -> Members:
    """`Name<Type> extends Parent<Type> implements Other { members }`."""
    open_block = _block_start(tokens)
    head = tokens[:open_block]
    found = Members(abstract=abstract)
    depth = 0
    for i, token in enumerate(head):
        depth += (token in _OPENING) - (token in _CLOSING)
        if token == "extends" and depth == 0:
            found.parent = head[i + 1]
    for member in _statements(tokens[open_block + 1 : -1]):
        _member(found, member)
    return found


def _block_start(tokens: list[str]) -> int:
    """Where the members begin: the last block that is not inside of anything."""
    depth = start = 0
    for i, token in enumerate(tokens):
        if token == "{" and depth == 0:
            start = i
        depth += (token in _OPENING) - (token in _CLOSING)
    return start


def _member(found: Members, tokens: list[str]) -> None:
    modifiers: set[str] = set()
    while tokens[0] in ("static", "readonly", "get", "set", "abstract", "private", "protected"):
        if len(tokens) > 1 and tokens[1] in ("(", ":", "?", "<"):
            break  # a member of that name
        modifiers.add(tokens[0])
        tokens = tokens[1:]
    if modifiers & {"private", "protected"}:
        return
    if tokens[0] == "[":
        closing = tokens.index("]")
        if ":" in tokens[:closing]:
            return  # an index signature
        tokens = ["".join(tokens[: closing + 1]), *tokens[closing + 1 :]]
    name = tokens[0].strip("\"'")
    after = tokens[1:]
    optional = after[:1] == ["?"]
    if optional:
        after = after[1:]
    if tokens[0] in ("(", "<"):
        return  # a call signature
    if name in ("constructor", "new"):
        kind: Kind = "constructor"
    elif modifiers & {"get", "set"}:
        kind = "getter"
    elif after[:1] in (["("], ["<"]):
        kind = "method"
    else:
        kind = "property"
        if len(after) == 2 or (len(after) == 3 and after[1] == "typeof"):
            found.types[name] = " ".join(after[1:])
    if optional and kind != "method":
        return  # may be missing
    members = found.static if "static" in modifiers else found.instance
    members[name] = kind


def _merge(found: Members, more: Members) -> None:
    found.parent = found.parent or more.parent
    found.instance |= more.instance
    found.types |= more.types


def _variable(found: Declarations, tokens: list[str]) -> None:
    name = tokens[0]
    if tokens[1:3] != [":", "{"]:
        found.variables[name] = " ".join(tokens[2:])
        return
    # `declare var Request: { prototype: Request; new (…): Request; … }` beside an interface.
    shape = Members()
    for member in _statements(tokens[3:-1]):
        _member(shape, member)
    if "constructor" not in shape.instance.values():
        found.variables[name] = "object"
        return
    del shape.instance["new"]
    shape.instance.pop("prototype", None)
    found.classes[name] = Members(static=shape.instance, types=shape.types)
