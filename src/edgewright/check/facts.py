"""What is known at a place in a function: of cells, and of the ways that lead there (flow.py)."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgewright.check.cells import Cell
from edgewright.check.scopes import Variable
from edgewright.check.syntax import Node


@dataclass(frozen=True, slots=True)
class Await:
    node: Node
    certain: bool
    """It goes back to the event loop, and is not only perhaps I/O."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of a cell, or of a local variable that was made from cells."""

    node: Node
    """The write, or the declaration."""
    value: Node | None
    stale: Await | None = None
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Race:
    """A cell was written, or read, then there was an await, and then it was read, or written."""

    cell: Cell
    first: Node
    value: Node | None
    """What was written."""
    between: Await
    last: Node
    lost: bool
    """It was read first, and what was written last is made of what was read."""


@dataclass(slots=True)
class Summary:
    """What calling a function does to cells, and what it takes from them as it finds them."""

    now: dict[Cell, Node] = field(default_factory=dict[Cell, Node])
    """Read before any await."""
    later: dict[Cell, tuple[Node, Await]] = field(default_factory=dict[Cell, tuple[Node, Await]])
    end: dict[Cell, Fact] = field(default_factory=dict[Cell, Fact])
    awaits: Await | None = None


Key = Cell | Variable
State = dict[Key, Fact]


@dataclass(slots=True)
class Way:
    """One way through the code, until here."""

    facts: State
    awaited: Await | None = None

    def copy(self) -> Way:
        return Way(dict(self.facts), self.awaited)


def merged(ways: list[Way | None]) -> Way | None:
    """All of them at once: what is stale on one of them may be stale."""
    there = [way for way in ways if way is not None]
    if not there:
        return None
    result = there[0].copy()
    for way in there[1:]:
        if way.awaited is not None and (result.awaited is None or way.awaited.certain):
            result.awaited = way.awaited
        for key, fact in way.facts.items():
            known = result.facts.get(key)
            if known is None or (known.stale is None and fact.stale is not None):
                result.facts[key] = fact
    return result
