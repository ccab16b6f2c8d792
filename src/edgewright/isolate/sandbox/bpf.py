"""Seccomp filters as programs of the kernel's classic BPF machine.

A program looks at one struct seccomp_data (number, machine, arguments) and returns what is to
happen (https://docs.kernel.org/userspace-api/seccomp_filter.html). All jumps here go over the
block that follows, so none needs a label.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

ALLOW = 0x7FFF0000
ERRNO = 0x00050000
"""Refuse, with the error number in the low bits."""
KILL_PROCESS = 0x80000000

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_IF_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_NUMBER = 0
_MACHINE = 4
_ARGUMENTS = 16
_WORD = 0xFFFFFFFF
_X32 = 0x40000000
"""Bit of the numbers of x86's other 64-bit interface, which is the same machine to the kernel."""


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on one argument: `argument & mask == value`, of 64 bits."""

    argument: int
    value: int
    mask: int = 0xFFFFFFFF_FFFFFFFF


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to a system call: `action` if all of `where` holds."""

    number: int
    action: int
    where: Sequence[Where] = ()


def program(audit: int, rules: Sequence[Rule], default: int) -> bytes:
    """The filter for one machine. Of several rules for a call the first one that fits counts."""
    code = [
        _instruction(_LOAD, _MACHINE),
        *_unless(_IF_EQUAL, audit, [_instruction(_RETURN, KILL_PROCESS)]),
        _instruction(_LOAD, _NUMBER),
        _instruction(_IF_AT_LEAST, _X32, 0, 1),
        _instruction(_RETURN, KILL_PROCESS),
    ]
    for rule in rules:
        block = _conditions(rule)
        code += [_instruction(_IF_EQUAL, rule.number, 0, len(block)), *block]
    return b"".join([*code, _instruction(_RETURN, default)])


def _conditions(rule: Rule) -> list[bytes]:
    """Returns the rule's action where its conditions hold; else the number is loaded again."""
    if not rule.where:
        return [_instruction(_RETURN, rule.action)]
    tests: list[tuple[int, int, int]] = []
    for where in rule.where:
        for shift in (0, 32):
            if mask := where.mask >> shift & _WORD:
                offset = _ARGUMENTS + 8 * where.argument + shift // 8
                tests.append((offset, mask, where.value >> shift & _WORD))
    code: list[bytes] = []
    left = 3 * len(tests) + 1  # instructions to the end of the tests, their return included
    for offset, mask, value in tests:
        left -= 3
        code += [
            _instruction(_LOAD, offset),
            _instruction(_AND, mask),
            _instruction(_IF_EQUAL, value, 0, left),
        ]
    return [*code, _instruction(_RETURN, rule.action), _instruction(_LOAD, _NUMBER)]


def _unless(test: int, value: int, block: list[bytes]) -> list[bytes]:
    return [_instruction(test, value, len(block), 0), *block]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
