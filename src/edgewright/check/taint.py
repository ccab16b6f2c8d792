"""Which variables hold what comes from a request, as far as that can be followed.

Names are followed, from a handler's first parameter through declarations, assignments, loops and
calls. What goes through properties of objects or through functions that are not known is lost, so
there may be more than is found here.
"""

from __future__ import annotations

from collections.abc import Iterable

from edgewright.check.program import Program
from edgewright.check.scopes import Variable, binding_names
from edgewright.check.syntax import (
    FUNCTIONS,
    Node,
    arguments_of,
    bare,
    enclosing_function,
    member,
)

SYNCHRONOUS = frozenset(
    {"map", "forEach", "filter", "reduce", "reduceRight", "some", "every", "find", "findIndex"}
    | {"findLast", "findLastIndex", "flatMap", "sort", "toSorted", "replace", "replaceAll", "from"}
    | {"fromEntries", "groupBy", "defineProperty"}
)
"""Methods that call what they are given before they return."""

_SAME_FOR_ALL = frozenset({"env", "executionCtx", "origin", "host", "hostname", "protocol"})
"""Properties of a request, its URL or a router's context that tell one request from another in no
way that matters."""


_ASSIGN = frozenset(
    {"assignment_expression", "augmented_assignment_expression", "for_in_statement"}
)


class Taint:
    def __init__(self, program: Program) -> None:
        self._program = program
        self.variables: set[Variable] = set()
        queue = [each for function in program.entrypoints for each in self._first(function)]
        while queue:
            variable = queue.pop()
            if variable in self.variables or variable.is_module_level:
                continue
            self.variables.add(variable)
            for read in variable.reads:
                queue += self._reaches(read)

    def of(self, node: Node) -> bool:
        """Whether an expression is made of something of a request's."""
        return any(self._is_source(each) for each in node.walk())

    def _is_source(self, node: Node) -> bool:
        if node.type not in ("identifier", "shorthand_property_identifier"):
            return False
        return self._program.variable(node) in self.variables and not _is_common(node)

    def _first(self, function: Node) -> Iterable[Variable]:
        """What the first parameter binds."""
        name = function.get("name")
        if _is_synchronous_callback(function) or (name is not None and name.text == "constructor"):
            return []
        return self._bound(function, 0)

    def _bound(self, function: Node, index: int) -> list[Variable]:
        listed = function.get("parameters")
        given = listed.named if listed is not None else [function.get("parameter")]
        if index >= len(given):
            return []
        return [
            variable
            for name, _ in binding_names(given[index])
            if (variable := self._program.variable(name)) is not None
        ]

    def _reaches(self, read: Node) -> list[Variable]:
        """The variables that get something of what is read here."""
        if _is_common(read):
            return []
        found: list[Variable] = []
        child, parent = read, read.parent
        while parent is not None and parent.type not in FUNCTIONS:
            if parent.type == "variable_declarator" and child.field == "value":
                found += self._names(parent.get("name"))
            elif child.field == "right" and parent.type in _ASSIGN:
                found += self._names(parent.get("left"))
            elif parent.type == "arguments" and parent.parent is not None:
                called = self._program.called(parent.parent)
                if called is not None:
                    found += self._bound(called, parent.named.index(child))
            elif parent.type == "call_expression" and child.field == "function":
                for argument in arguments_of(parent):
                    if argument.type in FUNCTIONS:
                        found += self._bound(argument, 0)
            if parent.type.endswith("statement") or parent.type.endswith("declaration"):
                break
            child, parent = parent, parent.parent
        return found

    def _names(self, pattern: Node | None) -> list[Variable]:
        return [
            variable
            for name, _ in binding_names(bare(pattern))
            if (variable := self._program.variable(name)) is not None
        ]


def _is_common(node: Node) -> bool:
    """Whether only what is the same for all requests is taken of it."""
    child, parent = node, node.parent
    while parent is not None:
        found = member(parent)
        if found is not None and child.field == "object":
            if found[1] in _SAME_FOR_ALL:
                return True
        elif parent.type == "arguments":
            new = parent.parent
            if new is None or new.type != "new_expression":
                return False
            constructor = new.get("constructor")
            if constructor is None or constructor.text != "URL":
                return False
            if parent.named.index(child) == 1:
                return True  # the base of another URL
            child, parent = new, new.parent
            continue
        elif parent.type != "parenthesized_expression":
            return False
        child, parent = parent, parent.parent
    return False


def _is_synchronous_callback(function: Node) -> bool:
    """As in `names.map((name) => …)` in the module itself."""
    call = function.parent.parent if function.parent is not None else None
    if call is None or call.type != "call_expression" or enclosing_function(function) is not None:
        return False
    found = member(bare(call.get("function")))
    return found is not None and found[1] in SYNCHRONOUS
