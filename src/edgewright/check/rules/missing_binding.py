"""`env.NAME.get()`, and the configuration has no such binding.

Variables and secrets may be set elsewhere, but are strings or JSON: what is called here are methods
that only bindings have. Where the code asks first whether there is one, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.build import WorkerBundle
from edgewright.check.finding import Finding, Mark, shortened
from edgewright.check.program import Program
from edgewright.check.syntax import Node, bare, is_identifier, member, within
from edgewright.check.waits import binding_of

_METHODS = frozenset(
    {"fetch", "get", "put", "delete", "list", "getWithMetadata", "send", "sendBatch", "limit"}
    | {"prepare", "batch", "idFromName", "getByName", "writeDataPoint", "connect", "head"}
)


def missing_binding(
    program: Program, reachable: set[Node], bundle: WorkerBundle
) -> Iterator[Finding]:
    there = {*bundle.vars, *bundle.secrets, *bundle.services, *bundle.bindings}
    called: dict[str, list[Node]] = {}
    asked: set[str] = set()
    for function in reachable:
        for node in within(function):
            name = _direct(program, node)
            if name is None or name in there:
                continue
            if _is_called(node):
                called.setdefault(name, []).append(node)
            else:
                asked.add(name)
    for name in sorted(called.keys() - asked):
        first, *others = sorted(called[name], key=lambda node: (node.source.specifier, node.start))
        what = shortened(first.parent) if first.parent is not None else name
        text = f"`{what}` is called, and the configuration has no binding {name}."
        marks = [Mark(node, "and here") for node in others[:5]]
        yield Finding("missing-binding", "warning", "proved", text, first, marks)


def _direct(program: Program, node: Node) -> str | None:
    """The NAME of `env.NAME` that is written out here."""
    found = member(node)
    if found is None or is_identifier(found[0], "process"):
        return None
    inner = member(found[0])
    if inner is not None and (is_identifier(inner[0], "process") or inner[0].text == "import.meta"):
        return None
    return binding_of(program, node)


def _is_called(node: Node) -> bool:
    """Whether a method of bindings is called on it."""
    outer = node.parent
    found = member(outer)
    if outer is None or found is None or found[0] is not bare(node) or found[1] not in _METHODS:
        return False
    call = outer.parent
    return (
        outer.field == "function"
        and outer.get("optional_chain") is None
        and call is not None
        and call.type == "call_expression"
    )
