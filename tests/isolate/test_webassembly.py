"""A module's own memories become imports."""

from __future__ import annotations

import pytest

from edgewright.isolate.webassembly import MEMORIES, import_memories

HEADER = b"\0asm\1\0\0\0"
NAME = bytes([len(MEMORIES)]) + MEMORIES.encode()


def section(id: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([id, len(content)]) + content


def imported(number: int, descriptor: str, type: bytes) -> bytes:
    name = f"{number} {descriptor}".encode()
    return NAME + bytes([len(name)]) + name + b"\x02" + type


TYPES = section(1, b"\x01\x60\x00\x00")
FUNCTION = b"\x01e\x01f\x00\x00"  # imported as e.f
CUSTOM = section(0, b"\x01xyz")
ONE = b"\x00\x01"
TWO = b"\x01\x02\x80\x01"


def test_a_module_without_memory_stays_as_it_is() -> None:
    module = HEADER + TYPES + section(2, b"\x01" + FUNCTION)
    assert import_memories(module) == module


def test_a_memory_follows_the_imports_that_there_are() -> None:
    module = HEADER + TYPES + section(2, b"\x01" + FUNCTION) + CUSTOM + section(5, b"\x01" + ONE)
    added = imported(0, '{"initial":1}', ONE)
    assert import_memories(module) == (
        HEADER + TYPES + section(2, b"\x02" + FUNCTION + added) + CUSTOM
    )


def test_imports_come_before_what_may_use_them() -> None:
    rest = section(3, b"\x01\x00")
    module = HEADER + CUSTOM + TYPES + rest + section(5, b"\x01" + TWO)
    added = imported(0, '{"initial":2,"maximum":128}', TWO)
    assert import_memories(module) == (HEADER + CUSTOM + TYPES + section(2, b"\x01" + added) + rest)


def test_a_module_of_nothing_but_a_memory_imports_it() -> None:
    added = imported(0, '{"initial":1}', ONE)
    assert import_memories(HEADER + section(5, b"\x01" + ONE)) == HEADER + section(
        2, b"\x01" + added
    )


@pytest.mark.parametrize(
    ("type", "descriptor"),
    [
        (b"\x03\x01\x02", '{"initial":1,"maximum":2,"shared":true}'),
        (b"\x04\x01", '{"initial":1,"address":"i64"}'),
    ],
)
def test_a_memory_keeps_its_type(type: bytes, descriptor: str) -> None:
    module = HEADER + section(5, b"\x01" + type)
    assert imported(0, descriptor, type) in import_memories(module)


@pytest.mark.parametrize(
    "module",
    [
        HEADER + section(5, b"\x01" + ONE) * 2,
        HEADER + section(2, b"\x00") * 2 + section(5, b"\x01" + ONE),
        HEADER + section(5, b"\x01\x08\x01\x00"),  # pages of another size
        HEADER + section(5, b"\x01" + ONE + b"\x00"),
        HEADER + b"\x05\x7f\x01",
        HEADER + b"\x05" + b"\x80" * 11,
    ],
)
def test_what_can_not_be_read_is_no_module_any_more(module: bytes) -> None:
    assert import_memories(module) == b""
