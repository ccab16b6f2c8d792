"""The seccomp filter's program, run by hand: also for the machine that this is not."""

from __future__ import annotations

import struct

import pytest

from edgewright.isolate.sandbox.bpf import ALLOW, ERRNO, KILL_PROCESS
from edgewright.isolate.sandbox.seccomp import compile_filter
from edgewright.isolate.sandbox.syscalls import MACHINES, Machine

PID = 1234
EPERM = ERRNO | 1
ENOSYS = ERRNO | 38
THREAD = 0x3D0F00  # what glibc makes threads with


def verdict(
    machine: Machine, name: str | int, *arguments: int, audit: int = 0, may_open: bool = True
) -> int:
    """What the kernel would do about a call."""
    number = name if isinstance(name, int) else machine.numbers[name]
    padded = (*arguments, *[0] * 6)[:6]
    data = struct.pack("<IIQ6Q", number, audit or machine.audit, 0, *padded)
    code = compile_filter(machine, pid=PID, may_open=may_open)
    accumulator, at = 0, 0
    while True:
        operation, if_true, if_false, value = struct.unpack_from("<HBBI", code, 8 * at)
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x54:
                accumulator &= value
            case 0x15:
                at += if_true if accumulator == value else if_false
            case 0x35:
                at += if_true if accumulator >= value else if_false
            case 0x06:
                return value
            case _:
                raise AssertionError(hex(operation))


@pytest.fixture(params=MACHINES.values(), ids=MACHINES.keys())
def machine(request: pytest.FixtureRequest) -> Machine:
    return request.param


def test_what_a_host_needs_is_allowed(machine: Machine) -> None:
    assert verdict(machine, "futex") == ALLOW
    assert verdict(machine, "clone", THREAD) == ALLOW
    assert verdict(machine, "mmap", 0, 4096, 3, 0x22) == ALLOW
    assert verdict(machine, "mprotect", 0, 4096, 7) == ALLOW  # see docs/security.md
    assert verdict(machine, "sendto", 3, 1, 1, 0, 0, 0) == ALLOW
    assert verdict(machine, "tgkill", PID, PID, 6) == ALLOW
    assert verdict(machine, "fcntl", 3, 1030, 3) == ALLOW
    assert verdict(machine, "openat", -100 & (2**64 - 1), 1, 0o2000000) == ALLOW
    assert verdict(machine, "clone3") == ENOSYS


def test_each_condition_counts(machine: Machine) -> None:
    assert verdict(machine, "clone", 0x11) == EPERM  # fork()
    assert verdict(machine, "clone", THREAD & ~0x10000) == EPERM
    assert verdict(machine, "clone", THREAD | 0x10000000) == EPERM
    assert verdict(machine, "mmap", 0, 4096, 5, 0x22) == EPERM
    assert verdict(machine, "sendto", 3, 1, 1, 0, 1 << 32, 16) == EPERM
    assert verdict(machine, "sendto", 3, 1, 1, 0, 1, 16) == EPERM
    assert verdict(machine, "tgkill", PID + 1, PID, 6) == EPERM
    assert verdict(machine, "fcntl", 3, 8, 3) == EPERM
    assert verdict(machine, "openat", 0, 1, 1) == EPERM
    assert verdict(machine, "openat", 0, 1, 0, may_open=False) == EPERM
    assert verdict(machine, "prlimit64", 0, 7, 1) == EPERM
    assert verdict(machine, "ioctl", 0, 0x5412) == EPERM


@pytest.mark.parametrize("name", ["execve", "ptrace", "bpf", "unshare", "setns", "io_uring_setup"])
def test_what_only_a_breakout_would_try_is_deadly(machine: Machine, name: str) -> None:
    assert verdict(machine, name) == KILL_PROCESS


def test_what_is_not_known_is_refused(machine: Machine) -> None:
    assert verdict(machine, 999) == EPERM


def test_the_numbers_of_other_machines_are_deadly(machine: Machine) -> None:
    assert verdict(machine, "futex", audit=0x40000003) == KILL_PROCESS  # x86, 32 bits
    assert verdict(machine, 0x40000000 + 202) == KILL_PROCESS
