"""What is read one after the other, though the second needs nothing of the first.

Said only where both only read (GET, HEAD, OPTIONS, a binding's get() …), where what is asked for
second is made of nothing that the first gave, and where nothing stands between that could depend
on it or change anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.check.finding import Finding, Mark, shortened
from edgewright.check.program import Program
from edgewright.check.reading import Reading
from edgewright.check.scopes import Variable, binding_names
from edgewright.check.syntax import FUNCTIONS, Node, bare, member, within

_DECLARATIONS = ("lexical_declaration", "variable_declaration")


def sequential(program: Program, reachable: set[Node]) -> Iterator[Finding]:
    reading = Reading(program)
    for function in reachable:
        for node in within(function):
            if node.type == "statement_block":
                yield from _in_block(program, reading, node)
            elif node.type == "for_in_statement" and (found := _loop(program, reading, node)):
                yield found


def _in_block(program: Program, reading: Reading, block: Node) -> Iterator[Finding]:
    chain: list[Node] = []
    bound: set[Variable] = set()
    for statement in block.children:
        declared = _declaration(statement, reading)
        if declared is not None and not reading.uses(declared, bound):
            if reading.waits(declared):
                chain.append(statement)
                bound |= _bound(program, declared)
            continue
        yield from _told(chain)
        chain, bound = [], set()
        if declared is not None and reading.waits(declared):
            chain, bound = [statement], _bound(program, declared)
    yield from _told(chain)


def _declaration(statement: Node, reading: Reading) -> Node | None:
    """The declarator of `const name = …`, where … only reads."""
    if statement.type not in _DECLARATIONS:
        return None
    declarators = [each for each in statement.children if each.type == "variable_declarator"]
    if len(declarators) != 1:
        return None
    value, name = declarators[0].get("value"), declarators[0].get("name")
    if value is None or name is None or not reading.only(value) or not reading.only(name):
        return None
    return declarators[0]


def _bound(program: Program, declarator: Node) -> set[Variable]:
    return {
        variable
        for name, _ in binding_names(declarator.get("name"))
        if (variable := program.variable(name)) is not None
    }


def _told(chain: list[Node]) -> Iterator[Finding]:
    if len(chain) < 2:
        return
    text = (
        f"`{_awaited(chain[1])}` needs nothing of `{_awaited(chain[0])}`, and waits for it all the "
        "same. Begin both before you await, with Promise.all."
        if len(chain) == 2
        else f"None of these {len(chain)} needs anything of those before it, and each waits for "
        "them all the same. Begin all before you await, with Promise.all."
    )
    marks = [Mark(chain[0], "this is waited for first")] + [
        Mark(each, "and then this") for each in chain[2:]
    ]
    yield Finding("sequential", "warning", "proved", text, chain[1], marks)


def _awaited(statement: Node) -> str:
    for each in statement.walk():
        if each.type == "await_expression" and each.children:
            return shortened(each.children[-1])
    return shortened(statement)


def _loop(program: Program, reading: Reading, loop: Node) -> Finding | None:
    """`for (const each of list)` that awaits in each round what could be asked for at once."""
    body, kind, operator = loop.get("body"), loop.get("kind"), loop.get("operator")
    if body is None or kind is None or operator is None or operator.type != "of":
        return None
    if body.type != "statement_block" or loop.has("await") or not _is_list(program, loop):
        return None
    awaited: list[Node] = []
    for statement in body.children:
        declared = _declaration(statement, reading)
        if declared is None and not _collects(statement, reading):
            return None
        if reading.waits(statement):
            awaited.append(statement)
    if not awaited:
        return None
    text = (
        f"Each round of the loop waits for `{_awaited(awaited[0])}` before the next begins, which "
        "needs nothing of it. Begin all of them before you await, with Promise.all."
    )
    return Finding("sequential", "warning", "proved", text, awaited[0])


def _collects(statement: Node, reading: Reading) -> bool:
    """`list.push(…)` of what only reads."""
    call = statement.children[0] if statement.type == "expression_statement" else None
    if call is None or call.type != "call_expression":
        return False
    found = member(bare(call.get("function")))
    given = call.get("arguments")
    if found is None or given is None or found[1] != "push" or found[0].type != "identifier":
        return False
    name = found[0].text
    return reading.only(given) and not any(
        each.type == "identifier" and each.text == name for each in given.walk()
    )


def _is_list(program: Program, loop: Node) -> bool:
    """Whether what is gone through can't depend on what a round does: it is there beforehand."""
    source = bare(loop.get("right"))
    value = program.value(source)
    if value is not None and value.type in ("array", "await_expression"):
        return True
    if source is None or source.type != "identifier":
        return False
    variable = program.variable(source)
    body = loop.get("body")
    return (
        variable is not None
        and body is not None
        and not any(
            each.type == "identifier" and program.variable(each) is variable for each in body.walk()
        )
        and not any(above.type in FUNCTIONS and above.has("*") for above in loop.above())
    )
