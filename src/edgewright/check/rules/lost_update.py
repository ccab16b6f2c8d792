"""get(), then put() of what was made of it: what another request puts between is lost.

That is so for every store without transactions, KV first of all, whatever the isolate.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.check.finding import Finding, Mark, shortened
from edgewright.check.program import Program
from edgewright.check.scopes import Variable, binding_names
from edgewright.check.syntax import Node, arguments_of, bare, member, within


def lost_update(program: Program, reachable: set[Node]) -> Iterator[Finding]:
    for function in reachable:
        reads: list[tuple[Node, str, set[Variable]]] = []
        for node in within(function):
            if node.type == "variable_declarator":
                reads += _gets(program, node)
                _follow(program, node, reads)
            elif node.type == "call_expression":
                yield from _puts(program, node, reads)


def _gets(program: Program, declarator: Node) -> list[tuple[Node, str, set[Variable]]]:
    """What was read, its store and key as they are written, and the variables that have it."""
    value = declarator.get("value")
    for each in value.walk() if value is not None else ():
        if each.type == "await_expression" and each.children:
            call = bare(each.children[-1])
            place = _place(call, "get", "getWithMetadata")
            if call is not None and place is not None:
                return [(call, place, _bound(program, declarator))]
    return []


def _follow(
    program: Program, declarator: Node, reads: list[tuple[Node, str, set[Variable]]]
) -> None:
    """What is made of a variable has what it has."""
    value = declarator.get("value")
    if value is None:
        return
    used = {program.variable(each) for each in value.walk() if each.type == "identifier"}
    for _, _, variables in reads:
        if used & variables:
            variables |= _bound(program, declarator)


def _puts(
    program: Program, call: Node, reads: list[tuple[Node, str, set[Variable]]]
) -> Iterator[Finding]:
    place = _place(call, "put")
    given = arguments_of(call)
    if place is None or len(given) < 2:
        return
    used = {
        program.variable(each)
        for each in given[1].walk()
        if each.type in ("identifier", "shorthand_property_identifier")
    }
    for read, where, variables in reads:
        if where == place and used & variables:
            text = (
                f"`{shortened(call)}` writes what was made of what `{shortened(read)}` read: what "
                "another request puts there between the two is lost. Give each its own key, or "
                "keep what changes often elsewhere."
            )
            marks = [Mark(read, "it is read here")]
            yield Finding("lost-update", "warning", "proved", text, call, marks)
            return


def _place(call: Node | None, *methods: str) -> str | None:
    """Store and key of `store.method(key)`, as they are written."""
    if call is None or call.type != "call_expression":
        return None
    found = member(bare(call.get("function")))
    given = arguments_of(call)
    if found is None or found[1] not in methods or not given:
        return None
    return f"{found[0].text}.{given[0].text}"


def _bound(program: Program, declarator: Node) -> set[Variable]:
    return {
        variable
        for name, _ in binding_names(declarator.get("name"))
        if (variable := program.variable(name)) is not None
    }
