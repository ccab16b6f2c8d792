"""Module-level state: the variables, and the properties of objects that they hold."""

from __future__ import annotations

from edgewright.check.program import Program
from edgewright.check.scopes import Variable
from edgewright.check.syntax import (
    FUNCTIONS,
    Node,
    bare,
    enclosing_function,
    is_identifier,
    member,
)

Cell = tuple[Variable, tuple[str, ...]]
"""A module-level variable, and the names that lead from it to what is meant. Entries of a map or
of an object by computed keys have no cell: what is kept by key is shared on purpose."""


def cell_of(program: Program, node: Node | None) -> Cell | None:
    """The cell that an identifier or a chain of properties means."""
    names: list[str] = []
    node = bare(node)
    while (found := member(node)) is not None:
        node, name = found
        names.append(name)
    if node is None or node.type not in ("identifier", "shorthand_property_identifier"):
        return None
    variable = program.variable(node)
    if variable is None and names:
        return _through_namespace(program, node, names[::-1])
    if variable is None or not variable.is_module_level or variable.imported is not None:
        return None
    if variable.value is not None and variable.value.type in FUNCTIONS and not names:
        return None
    return variable, tuple(reversed(names))


def overlap(one: Cell, other: Cell) -> bool:
    """Whether one is the other, or a part of it."""
    length = min(len(one[1]), len(other[1]))
    return one[0] is other[0] and one[1][:length] == other[1][:length]


def name_of(cell: Cell) -> str:
    return ".".join((cell[0].name, *cell[1]))


def writes_of(program: Program) -> list[tuple[Cell, Node, Node | None]]:
    """All writes of cells in functions: the cell, where, and what is written (of an update, the
    update itself)."""
    found: list[tuple[Cell, Node, Node | None]] = []
    for module in program.modules.values():
        for node in module.source.root.walk():
            if node.type == "update_expression":
                target, value = node.get("argument"), node
            elif node.type in ("assignment_expression", "augmented_assignment_expression"):
                target, value = node.get("left"), node.get("right")
            else:
                continue
            cell = cell_of(program, target)
            if cell is not None and enclosing_function(node) is not None:
                found.append((cell, node, value))
    return found


def is_remembered(program: Program, cell: Cell, write: Node) -> bool:
    """Whether it is written only where it was looked at first: a value that is made once, or anew
    when it is too old. Requests may then make it twice, and no harm is done."""
    if write.type == "augmented_assignment_expression":
        operator = write.get("operator")
        if operator is not None and operator.type in ("??=", "||="):
            return True
    return guard_of(program, cell, write) is not None


def guard_of(program: Program, cell: Cell, write: Node) -> Node | None:
    """The condition, or the statement before, that looks at the cell before the write."""
    child = write
    for above in write.above():
        if above.type in FUNCTIONS:
            return None
        if above.type in ("if_statement", "ternary_expression", "while_statement"):
            condition = None if child.field == "condition" else above.get("condition")
            if condition is not None and _mentions(program, cell, condition):
                return condition
        elif above.type == "binary_expression" and child.field == "right":
            left = above.get("left")
            if left is not None and _mentions(program, cell, left):
                return left
        elif above.type in ("statement_block", "program"):
            for before in above.children:
                if before is child:
                    break
                if before.type != "if_statement" or not _leaves(before):
                    continue
                if _mentions(program, cell, before):
                    return before
        child = above
    return None


def _mentions(program: Program, cell: Cell, node: Node) -> bool:
    """Whether the cell is read in it."""
    for each in node.walk():
        if is_target(each):
            continue
        if each.type in ("identifier", "member_expression", "subscript_expression"):
            found = cell_of(program, each)
            if found is not None and overlap(found, cell):
                return True
    return False


def _leaves(statement: Node) -> bool:
    """Whether a branch of an `if` ends the function."""
    return any(each.type in ("return_statement", "throw_statement") for each in statement.walk())


def _through_namespace(program: Program, node: Node, names: list[str]) -> Cell | None:
    """`state.user` after `import * as state`."""
    value = program.value(node)
    if value is None or value.type != "program":
        return None
    module = program.modules[value.source.specifier]
    exported = module.exports.get(names[0])
    if isinstance(exported, Variable) and exported.imported is None:
        return exported, tuple(names[1:])
    return None


def is_outermost(node: Node) -> bool:
    """Whether a chain of properties does not go on above."""
    parent = node.parent
    return parent is None or node.field != "object" or member(parent) is None


def is_target(node: Node) -> bool:
    """Whether it is what an assignment or an update writes."""
    parent = node.parent
    return parent is not None and (
        parent.type == "update_expression"
        or (node.field == "left" and parent.type.endswith("assignment_expression"))
    )


def is_undefined(node: Node | None) -> bool:
    return is_identifier(node, "undefined", "NaN") or (node is not None and node.type in _PLAIN)


_PLAIN = frozenset({"undefined", "null", "true", "false", "number", "string", "regex"})
