"""Promises of I/O that nobody waits for: the request may end first, and gives them up.

`void promise` says that it is meant so, as for other linters.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.check.finding import Finding, shortened
from edgewright.check.program import Program
from edgewright.check.syntax import FUNCTIONS, Node, arguments_of, bare, member, within
from edgewright.check.waits import operation

_ADVICE = "await it, return it, or give it to ctx.waitUntil()"
_CHAIN = frozenset({"then", "catch", "finally"})
_COMBINE = frozenset({"all", "allSettled", "race", "any"})


def floating(program: Program, reachable: set[Node]) -> Iterator[Finding]:
    for function in reachable:
        if _listens(function):
            continue  # what keeps the request open is the stream or the socket
        for node in within(function):
            if node.type == "expression_statement" and node.children:
                yield from _statement(program, node.children[0])
            elif node.type == "variable_declarator":
                yield from _unused(program, node)
            elif node.type == "call_expression":
                yield from _for_each(program, node)


def _statement(program: Program, node: Node) -> Iterator[Finding]:
    promise = _promise(program, node)
    if promise is not None:
        text = f"Nobody waits for `{shortened(promise)}`, which ends with the request: {_ADVICE}."
        yield Finding("floating", "warning", "proved", text, node)
        return
    called = program.called(node) if node.type == "call_expression" else None
    if called is not None and called.has("async") and (inner := _io_in(program, called)):
        text = (
            f"`{shortened(node)}` is async and nobody waits for it; what it awaits "
            f"(`{shortened(inner)}`) may be given up when the request ends: {_ADVICE}."
        )
        yield Finding("floating", "note", "possible", text, node)


def _unused(program: Program, node: Node) -> Iterator[Finding]:
    """`const promise = fetch(…)`, and no word of `promise` after that."""
    name, value = node.get("name"), node.get("value")
    if name is None or name.type != "identifier" or value is None:
        return
    variable = program.variable(name)
    promise = _promise(program, value)
    if promise is not None and variable is not None and not variable.reads:
        text = (
            f"Nobody waits for `{name.text}`, and `{shortened(promise)}` ends with the request: "
            f"{_ADVICE}."
        )
        yield Finding("floating", "warning", "proved", text, node)


def _for_each(program: Program, call: Node) -> Iterator[Finding]:
    """forEach() lets go of the promises that its callback gives."""
    found = member(bare(call.get("function")))
    given = arguments_of(call)
    if found is None or found[1] != "forEach" or not given:
        return
    callback = program.value(given[0])
    if callback is None or callback.type not in FUNCTIONS:
        return
    body = callback.get("body")
    inner = _io_in(program, callback) if callback.has("async") else None
    if inner is None and body is not None and body.type != "statement_block":
        inner = _promise(program, body)
    if inner is not None:
        text = (
            f"forEach() does not wait for what its callback promises (`{shortened(inner)}`): use "
            "`await Promise.all(list.map(…))`."
        )
        yield Finding("floating", "warning", "proved", text, call)


def _promise(program: Program, node: Node | None) -> Node | None:
    """The I/O that an expression is the promise of."""
    for _ in range(10):
        node = bare(node)
        if node is None or node.type != "call_expression":
            return None
        found = operation(program, node)
        part = member(bare(node.get("function")))
        if found is not None:
            name = "fetch" if part is None else part[1]
            return node if name in _PROMISES else None
        if part is None:
            return None
        base, name = part
        if name in _COMBINE and program.is_global(base, "Promise"):
            for each in node.walk():
                if operation(program, each) is not None:
                    return node
            return None
        if name not in _CHAIN:
            return None
        node = base
    return None


_PROMISES = frozenset(
    {"fetch", "put", "delete", "get", "getWithMetadata", "list", "send", "sendBatch", "match"}
    | {"exec", "batch", "wait", "limit"}
)
"""Methods of bindings and caches that are known to give promises."""


def _io_in(program: Program, function: Node) -> Node | None:
    """Something that a function itself awaits and is I/O."""
    for each in within(function):
        if each.type == "await_expression" and each.children:
            inner = bare(each.children[-1])
            if operation(program, inner) is not None:
                return inner
    return None


def _listens(function: Node) -> bool:
    """Whether it is given to an object that lives on: a stream, a socket's listener."""
    for each in [function, *function.above()]:
        if each.type not in FUNCTIONS:
            continue
        parent = each.parent
        while parent is not None and parent.type in ("object", "pair"):
            parent = parent.parent
        call = parent.parent if parent is not None and parent.type == "arguments" else None
        if call is None:
            continue
        if call.type == "new_expression":
            return True
        part = member(bare(call.get("function")))
        if part is not None and part[1] in ("addEventListener", "on", "once"):
            return part[0].text not in ("self", "globalThis")
    return False
