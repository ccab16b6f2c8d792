"""Makes a WebAssembly module's own memories imports, so that they are made by the runtime layer,
which counts them: V8 counts them nowhere.

An import is the same to the module's code, as imported memories come first and keep their order.
Only the frames of sections are read, see
https://webassembly.github.io/spec/core/binary/modules.html; what is not understood compiles no
more, for V8 might understand it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

MEMORIES = "edgewright:memory"
"""The module that the memories are imported from, each by its number and what it is made with."""

_HEADER = 8
_CUSTOM, _TYPE, _IMPORT, _MEMORY = 0, 1, 2, 5
_IS_MEMORY = 2
_HAS_MAXIMUM, _SHARED, _LONG = 1, 2, 4
_NO_MODULE = b""


class _Unreadable(Exception):
    """Not a module, or one of times to come."""


def import_memories(module: bytes) -> bytes:
    """The module with its memories as imports; no module where it can't be read."""
    try:
        return _with_memories_imported(module)
    except _Unreadable:
        return _NO_MODULE


def _with_memories_imported(module: bytes) -> bytes:
    sections = list(_sections(module))
    memories = [content for id, content in sections if id == _MEMORY]
    imports = [content for id, content in sections if id == _IMPORT]
    if len(memories) > 1 or len(imports) > 1:
        raise _Unreadable  # V8 would take the second one for the first
    if not memories:
        return module
    added = [_import(number, *each) for number, each in enumerate(_memory_types(memories[0]))]
    count, start = _number(imports[0], 0) if imports else (0, 0)
    before = imports[0][start:] if imports else b""
    section = _section(_IMPORT, _encoded(count + len(added)) + before + b"".join(added))
    result = [module[:_HEADER]]
    pending = True
    for id, content in sections:
        if pending and id not in (_CUSTOM, _TYPE):
            result.append(section)
            pending = False
        if id not in (_IMPORT, _MEMORY):
            result.append(_section(id, content))
    return b"".join(result)


def _sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    at = _HEADER
    while at < len(module):
        size, start = _number(module, at + 1)
        if start + size > len(module):
            raise _Unreadable
        yield module[at], module[start : start + size]
        at = start + size


def _memory_types(content: bytes) -> Iterator[tuple[bytes, dict[str, object]]]:
    """As it is written, and as WebAssembly.Memory takes it."""
    count, at = _number(content, 0)
    for _ in range(count):
        start = at
        flags, at = _number(content, at)
        if flags > _HAS_MAXIMUM | _SHARED | _LONG:
            raise _Unreadable
        initial, at = _number(content, at)
        descriptor: dict[str, object] = {"initial": initial}
        if flags & _HAS_MAXIMUM:
            descriptor["maximum"], at = _number(content, at)
        if flags & _SHARED:
            descriptor["shared"] = True
        if flags & _LONG:
            descriptor["address"] = "i64"
        yield content[start:at], descriptor
    if at != len(content):
        raise _Unreadable


def _import(number: int, type: bytes, descriptor: dict[str, object]) -> bytes:
    name = f"{number} {msgspec.json.encode(descriptor).decode()}"
    return _name(MEMORIES) + _name(name) + bytes([_IS_MEMORY]) + type


def _name(text: str) -> bytes:
    return _encoded(len(text.encode())) + text.encode()


def _section(id: int, content: bytes) -> bytes:
    return bytes([id]) + _encoded(len(content)) + content


def _number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise _Unreadable


def _encoded(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
