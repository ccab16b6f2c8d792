"""Module-level state that requests share: the requests of an isolate run at the same time.

Three things are proved: that a request reads a variable after another may have overwritten it (or
overwrites what another wrote meanwhile); that it reads a variable which it has not written itself
and which requests write what is their own into; and that what the first request had is kept for
all. What is made once and is the same for all, and what is kept by key, is nobody's fault.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.check.cells import (
    Cell,
    guard_of,
    is_remembered,
    is_target,
    is_undefined,
    name_of,
    overlap,
)
from edgewright.check.facts import Race
from edgewright.check.finding import Certainty, Finding, Mark, Severity, shortened
from edgewright.check.flow import Flow
from edgewright.check.program import Program
from edgewright.check.syntax import FUNCTIONS, Node, bare, enclosing_function
from edgewright.check.taint import Taint

_ADVICE = "Keep it in a local variable and pass it on, or use AsyncLocalStorage."


def shared_state(program: Program, reachable: set[Node], taint: Taint) -> Iterator[Finding]:
    flow = Flow(program)
    for function in reachable:
        flow.summary(function)
    told: set[tuple[object, ...]] = set()
    for race in sorted(flow.races, key=lambda race: not race.between.certain):
        key = (race.lost, *race.cell)
        if key not in told and (found := _raced(race, taint)) is not None:
            told.add(key)
            yield found
    kept = {key[1:] for key in told}
    for cell, write, value in flow.writes:
        function = enclosing_function(write)
        if function not in reachable or cell in kept or value is None:
            continue
        if is_remembered(program, cell, write):
            found = _first_of_all(program, cell, write, value, taint)
        else:
            found = _read_from_others(program, flow, cell, write, value, taint)
        if found is not None:
            kept.add(cell)
            yield found


def _raced(race: Race, taint: Taint) -> Finding | None:
    name = name_of(race.cell)
    between = shortened(race.between.node)
    certainty: Certainty = "proved" if race.between.certain else "possible"
    doubt = "" if race.between.certain else ", if that waits for something"
    marks = [Mark(race.between.node, "another request may run here")]
    if race.lost:
        text = (
            f"`{name}` is read, and after `{between}` it is overwritten with what was made of "
            f"that: what other requests wrote meanwhile is lost{doubt}. Read it after the await."
        )
        marks.insert(0, Mark(race.first, f"`{name}` is read here"))
        return Finding("lost-update", "warning", certainty, text, race.last, marks)
    if not _differs(race.value, taint):
        return None
    text = (
        f"`{name}` is shared by all requests of an isolate. It is written here and read after "
        f"`{between}`, when another request may have written it{doubt}. {_ADVICE}"
    )
    marks.append(Mark(race.last, f"`{name}` is read here"))
    return Finding("shared-state", "warning", certainty, text, race.first, marks)


def _first_of_all(
    program: Program, cell: Cell, write: Node, value: Node, taint: Taint
) -> Finding | None:
    guard = guard_of(program, cell, write)
    if not taint.of(value) or (guard is not None and taint.of(guard)):
        return None  # the same for all, or looked up by what is the request's
    text = (
        f"`{name_of(cell)}` is made of what is the first request's, and is then kept for all "
        f"requests of the isolate. Keep it by key, or make it of what all requests have in common."
    )
    return Finding("shared-state", "warning", "proved", text, write)


def _read_from_others(
    program: Program, flow: Flow, cell: Cell, write: Node, value: Node, taint: Taint
) -> Finding | None:
    read = _exposed(program, flow, cell) or _counted(program, cell, value)
    if read is None or is_undefined(bare(value)):
        return None
    name = name_of(cell)
    severity: Severity
    certainty: Certainty
    if taint.of(value) and enclosing_function(write) in program.surely_called:
        severity, certainty = "warning", "proved"
        text = (
            f"`{name}` is written here with what is this request's, and read by requests that "
            f"have not written it: they see another's. {_ADVICE}"
        )
    else:
        severity, certainty = "note", "possible"
        text = (
            f"`{name}` is written by requests and read by others. Each isolate has its own, and "
            "it is gone with the isolate."
        )
    return Finding(
        "shared-state", severity, certainty, text, write, [Mark(read, f"`{name}` is read here")]
    )


def _counted(program: Program, cell: Cell, value: Node) -> Node | None:
    """Where what requests have counted is read."""
    if value.parent is None or not (
        value.type == "update_expression" or value.parent.type == "augmented_assignment_expression"
    ):
        return None
    for read in cell[0].reads:
        node = read
        while node.field == "object" and node.parent is not None:
            node = node.parent
        if not is_target(node) and enclosing_function(node) in program.surely_called:
            return node
    return None


def _exposed(program: Program, flow: Flow, cell: Cell) -> Node | None:
    """Where a handler reads the cell as it finds it."""
    for entry in program.entrypoints:
        summary = flow.summary(entry)
        reads = [*summary.now.items(), *((key, node) for key, (node, _) in summary.later.items())]
        for key, node in reads:
            if overlap(key, cell):
                return node
    return None


def _differs(value: Node | None, taint: Taint) -> bool:
    """Whether a request writes something else than another one does."""
    if value is None or is_undefined(bare(value)):
        return False
    if value.type == "update_expression" or taint.of(value):
        return True
    parent = value.parent
    if parent is not None and parent.type == "augmented_assignment_expression":
        return True
    return any(_is_unique(each) for each in value.walk())


def _is_unique(node: Node) -> bool:
    """Whether it is another value each time: the time, a random number."""
    if node.type in FUNCTIONS:
        return False
    target = node.get("function") or node.get("constructor")
    return target is not None and target.text in _UNIQUE


_UNIQUE = frozenset(
    {"Date.now", "Date", "performance.now", "Math.random", "crypto.randomUUID"}
    | {"crypto.getRandomValues"}
)
