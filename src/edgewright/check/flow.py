"""Follows each function from top to bottom, to find where another request can come between.

A request that writes module-level state, goes back to the event loop and then reads it, reads what
any other request wrote meanwhile. So for each cell a state is kept along the way: *fresh* after a
write, *stale* once there was an `await`. Where ways part, both are followed, and may be taken;
loops are gone through twice. Calls of known functions have the effect that the function has as a
whole (its Summary); what is not known has none, so that nothing is found because of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from edgewright.check.cells import (
    Cell,
    cell_of,
    is_outermost,
    is_remembered,
    is_target,
    overlap,
    writes_of,
)
from edgewright.check.facts import Await, Fact, Race, Summary, Way, merged
from edgewright.check.program import Program
from edgewright.check.syntax import FUNCTIONS, Node, arguments_of, bare, member, within
from edgewright.check.taint import SYNCHRONOUS
from edgewright.check.waits import gives_io, wait_of

_DEEPEST = 150
"""Statements within statements; what is further in is taken as one sequence."""


class Flow:
    """The summaries of all functions, made when they are asked for; `races` grows meanwhile."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.races: list[Race] = []
        self.writes = writes_of(program)
        self._written = {cell[0] for cell, _, _ in self.writes}
        self._summaries: dict[Node, Summary] = {}
        self._depth = 0

    def cell(self, node: Node | None) -> Cell | None:
        """As cell_of(), of those that a function writes."""
        found = cell_of(self.program, node)
        return found if found is not None and found[0] in self._written else None

    def summary(self, function: Node) -> Summary:
        found = self._summaries.get(function)
        if found is None:
            self._summaries[function] = found = Summary()  # for functions that call themselves
            if self._depth < _DEEPEST // 10:
                self._depth += 1
                _Function(self, found).run(function)
                self._depth -= 1
        return found


class _Function:
    def __init__(self, flow: Flow, summary: Summary) -> None:
        self._flow = flow
        self._program = flow.program
        self._summary = summary
        self._ends: list[Way] = []
        self._jumps: list[list[Way]] = []
        self._depth = 0

    def run(self, function: Node) -> None:
        body = function.get("body")
        if body is None:
            return
        way: Way | None = Way({})
        if body.type == "statement_block":
            way = self._statement(body, way)
        else:
            self._expression(body, way)
        end = merged([*self._ends, way])
        if end is not None:
            self._summary.awaits = end.awaited
            for key, fact in end.facts.items():
                if isinstance(key, tuple):
                    self._summary.end[key] = fact

    # --- Statements -------------------------------------------------------------------------------

    def _statement(self, node: Node, way: Way | None) -> Way | None:
        """The way on, None where there is none."""
        if way is None:
            return None
        self._depth += 1
        try:
            handle = self._handlers.get(node.type)
            if handle is None or self._depth > _DEEPEST:
                self._expression(node, way)
                return way
            return handle(self, node, way)
        finally:
            self._depth -= 1

    def _block(self, node: Node, way: Way) -> Way | None:
        after: Way | None = way
        for child in node.children:
            after = self._statement(child, after)
        return after

    def _if(self, node: Node, way: Way) -> Way | None:
        self._part(node.get("condition"), way)
        other = node.get("alternative")
        yes = self._maybe(node.get("consequence"), way.copy())
        no = self._block(other, way.copy()) if other is not None else way
        return merged([yes, no])

    def _loop(self, node: Node, way: Way) -> Way | None:
        jumps: list[Way] = []
        self._jumps.append(jumps)
        after: Way | None = way
        self._part(node.get("initializer"), way)
        self._part(node.get("right"), way)
        for _ in range(2):
            if after is None:
                break
            around = after.copy()
            self._part(node.get("condition"), around)
            if node.type == "for_in_statement" and node.has("await"):
                self._await(Await(node, certain=False), around)
            body = self._maybe(node.get("body"), around)
            if body is not None:
                self._part(node.get("increment"), body)
            after = merged([after, body, *jumps])
        self._jumps.pop()
        return after

    def _switch(self, node: Node, way: Way) -> Way | None:
        self._part(node.get("value"), way)
        jumps: list[Way] = []
        self._jumps.append(jumps)
        body = node.get("body")
        after: Way | None = None
        for case in body.children if body is not None else []:
            self._part(case.get("value"), way)
            after = merged([after, way.copy()])
            for child in case.children:
                if child.field == "body":
                    after = self._statement(child, after)
        self._jumps.pop()
        return merged([after, way, *jumps])

    def _try(self, node: Node, way: Way) -> Way | None:
        before = way.copy()
        tried = self._maybe(node.get("body"), way)
        handler = node.get("handler")
        caught = None
        if handler is not None:
            thrown = merged([before, way])
            caught = self._maybe(handler.get("body"), None if thrown is None else thrown.copy())
        finalizer = node.get("finalizer")
        after = merged([tried, caught])
        if finalizer is not None:
            after = self._maybe(finalizer.get("body"), after)
        return after

    def _return(self, node: Node, way: Way) -> None:
        self._expression(node, way)
        self._ends.append(way)

    def _throw(self, node: Node, way: Way) -> None:
        self._expression(node, way)

    def _jump(self, _node: Node, way: Way) -> None:
        if self._jumps:
            self._jumps[-1].append(way)

    def _maybe(self, node: Node | None, way: Way | None) -> Way | None:
        return way if node is None else self._statement(node, way)

    def _part(self, node: Node | None, way: Way) -> None:
        if node is not None:
            self._expression(node, way)

    _handlers: ClassVar[dict[str, Callable[[_Function, Node, Way], Way | None]]] = {
        "statement_block": _block,
        "else_clause": _block,
        "labeled_statement": _block,
        "if_statement": _if,
        "for_statement": _loop,
        "for_in_statement": _loop,
        "while_statement": _loop,
        "do_statement": _loop,
        "switch_statement": _switch,
        "try_statement": _try,
        "return_statement": _return,
        "throw_statement": _throw,
        "break_statement": _jump,
        "continue_statement": _jump,
    }

    # --- Expressions ------------------------------------------------------------------------------

    def _expression(self, root: Node, way: Way) -> None:
        """All that happens in an expression, in order: operands first."""
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, operands_done = stack.pop()
            if operands_done:
                self._happens(node, way)
                continue
            if node.type in FUNCTIONS or (node.type == "class_body"):
                continue
            stack.append((node, True))
            if self._is_chain(node):
                continue
            stack.extend((child, False) for child in reversed(node.children))

    def _is_chain(self, node: Node) -> bool:
        """Whether it is a cell as a whole, whose parts are not read for themselves."""
        return member(node) is not None and self._flow.cell(node) is not None

    def _happens(self, node: Node, way: Way) -> None:
        match node.type:
            case "identifier" | "shorthand_property_identifier":
                self._read(node, way)
            case "member_expression" | "subscript_expression":
                if is_outermost(node):
                    self._read(node, way)
            case "assignment_expression" | "augmented_assignment_expression":
                self._write(node, node.get("left"), node.get("right"), way)
            case "update_expression":
                self._write(node, node.get("argument"), node, way)
            case "variable_declarator":
                self._declare(node, way)
            case "await_expression":
                self._awaits(node, way)
            case "call_expression":
                self._call(node, way)
            case _:
                pass

    def _read(self, node: Node, way: Way) -> None:
        parent = node.parent
        if parent is not None and is_target(node):
            return  # an update, too, is one step: nobody comes between
        if parent is not None and node.field == "function":
            found = member(node)
            node = found[0] if found is not None else node
        cell = self._flow.cell(node)
        if cell is not None:
            self._sees(cell, node, way)

    def _sees(self, cell: Cell, node: Node, way: Way) -> None:
        known = False
        for key, fact in list(way.facts.items()):
            if isinstance(key, tuple) and overlap(key, cell):
                known = True
                if fact.stale is not None:
                    self._race(key, fact, fact.stale, node, lost=False)
        if not known and way.awaited is None:
            self._summary.now.setdefault(cell, node)
        elif not known and way.awaited is not None:
            self._summary.later.setdefault(cell, (node, way.awaited))

    def _write(self, node: Node, target: Node | None, value: Node | None, way: Way) -> None:
        cell = self._flow.cell(target)
        if cell is None or is_remembered(self._program, cell, node):
            return
        if value is not None:
            self._look_for_loss(cell, node, value, way)
        for key in [key for key in way.facts if isinstance(key, tuple) and overlap(key, cell)]:
            del way.facts[key]
        way.facts[cell] = Fact(node, value)

    def _look_for_loss(self, cell: Cell, node: Node, value: Node, way: Way) -> None:
        """Whether the value is made of what the cell was before an await."""
        read = node if node.type == "augmented_assignment_expression" else None
        for each in value.walk():
            if each.type in FUNCTIONS:
                return
            if each.type == "await_expression" and read is not None:
                wait = wait_of(self._program, each.children[-1])
                if wait != "none":
                    between = Await(each, wait == "io")
                    self._flow.races.append(Race(cell, read, None, between, node, lost=True))
                return
            if each.type in ("identifier", "member_expression"):
                found = self._flow.cell(each)
                if found is not None and overlap(found, cell):
                    read = each
                variable = self._program.variable(each) if each.type == "identifier" else None
                fact = None if variable is None else way.facts.get(variable)
                if fact is not None and fact.stale is not None and cell in fact.cells:
                    self._race(cell, fact, fact.stale, node, lost=True)

    def _race(self, cell: Cell, fact: Fact, between: Await, last: Node, *, lost: bool) -> None:
        self._flow.races.append(Race(cell, fact.node, fact.value, between, last, lost))

    def _declare(self, node: Node, way: Way) -> None:
        """A local variable may be a copy of a cell."""
        name, value = node.get("name"), node.get("value")
        if name is None or value is None or name.type != "identifier":
            return
        variable = self._program.variable(name)
        if variable is None or variable.is_module_level:
            return
        cells = [
            cell
            for each in (value, *within(value))
            if each.type in ("identifier", "member_expression") and is_outermost(each)
            if (cell := self._flow.cell(each)) is not None
        ]
        if cells:
            way.facts[variable] = Fact(node, value, None, tuple(cells))

    def _awaits(self, node: Node, way: Way) -> None:
        awaited = bare(node.children[-1]) if node.children else None
        if awaited is not None and awaited.type == "call_expression":
            function = self._program.called(awaited)
            if function is not None:
                inner = self._flow.summary(function).awaits
                if inner is not None:
                    self._await(inner, way, but=self._flow.summary(function).end)
                if gives_io(self._program, function):
                    self._await(Await(node, certain=True), way)
                return
        wait = wait_of(self._program, awaited)
        if wait != "none":
            self._await(Await(node, wait == "io"), way)

    def _await(self, found: Await, way: Way, but: dict[Cell, Fact] | None = None) -> None:
        if way.awaited is None or (found.certain and not way.awaited.certain):
            way.awaited = found
        for key, fact in list(way.facts.items()):
            if fact.stale is None and not (but and isinstance(key, tuple) and key in but):
                way.facts[key] = Fact(fact.node, fact.value, found, fact.cells)

    def _call(self, node: Node, way: Way) -> None:
        function = self._program.called(node)
        if function is not None:
            self._effect(function, way)
        found = member(bare(node.get("function")))
        for argument in arguments_of(node):
            if argument.type in FUNCTIONS and found is not None and found[1] in SYNCHRONOUS:
                self._effect(argument, way)

    def _effect(self, function: Node, way: Way) -> None:
        summary = self._flow.summary(function)
        for cell, node in list(summary.now.items()):
            self._sees(cell, node, way)
        for cell, (node, between) in list(summary.later.items()):
            known = False
            for key, fact in list(way.facts.items()):
                if isinstance(key, tuple) and overlap(key, cell):
                    known = True
                    self._race(key, fact, fact.stale or between, node, lost=False)
            if not known:
                self._summary.later.setdefault(cell, (node, between))
        for cell, fact in summary.end.items():
            way.facts[cell] = fact
