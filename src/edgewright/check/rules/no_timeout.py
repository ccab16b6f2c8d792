"""fetch() without a signal: an upstream that hangs holds the request for as long as it may last.

One note for all of them: most Workers have none, and it is no mistake where the upstream is quick.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.check.finding import Finding, Mark
from edgewright.check.program import Program
from edgewright.check.syntax import Node, arguments_of, bare, member, within

_MOST_MARKS = 10


def no_timeout(program: Program, reachable: set[Node]) -> Iterator[Finding]:
    found = [
        node
        for function in reachable
        for node in within(function)
        if node.type == "call_expression" and _has_no_signal(program, node)
    ]
    if not found:
        return
    found.sort(key=lambda node: (node.source.specifier, node.start))
    subject = "This fetch() has" if len(found) == 1 else f"{len(found)} calls of fetch() have"
    text = (
        f"{subject} no signal: where an upstream hangs, so does the request. "
        "`signal: AbortSignal.timeout(ms)` ends it."
    )
    marks = [Mark(node, "and this one") for node in found[1:_MOST_MARKS]]
    yield Finding("no-timeout", "note", "proved", text, found[0], marks)


def _has_no_signal(program: Program, call: Node) -> bool:
    if not program.is_global(bare(call.get("function")), "fetch") or _races(program, call):
        return False
    given = arguments_of(call)
    if not given or any(each.type == "spread_element" for each in given):
        return False
    first = program.value(given[0])
    if first is None or first.type not in (
        ("string", "template_string", "binary_expression", "new_expression", "member_expression")
    ):
        return False
    if first.type == "new_expression" and not program.is_global(first.get("constructor"), "URL"):
        return False  # a Request may have a signal of its own
    if len(given) == 1:
        return True
    init = program.value(given[1])
    return (
        init is not None
        and init.type == "object"
        and program.property(init, "signal") is None
        and all(
            each.type in ("pair", "method_definition", "shorthand_property_identifier")
            and each.get("key") is not None
            and each.children[0].type != "computed_property_name"
            for each in init.named
        )
    )


def _races(program: Program, call: Node) -> bool:
    """Whether it runs against something else, a timer perhaps."""
    for above in call.above():
        if above.type == "call_expression":
            found = member(bare(above.get("function")))
            if found is not None and found[1] in ("race", "any"):
                return program.is_global(found[0], "Promise")
        if above.type.endswith("statement"):
            return False
    return False
