"""Layers by themselves: each refuses, whatever becomes of the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from caged import attempt, run
from seccompy import syscalls

from edgewright.isolate.sandbox.syscalls import MACHINES, Machine

OPEN = "os.open(SECRET, os.O_RDONLY)"
ROOTLESS = "namespaces.separate_unprivileged(); namespaces.empty_root()"


@pytest.mark.parametrize(
    ("close", "answer"),
    [
        ("privileges.drop(); landlock.close()", "EACCES"),
        ("namespaces.separate(); namespaces.empty_root()", "ENOENT"),
        (ROOTLESS, "ENOENT"),
        ("privileges.drop(); seccomp.close(may_open=False)", "EPERM"),
    ],
)
def test_three_layers_keep_files_away(close: str, answer: str) -> None:
    assert attempt(OPEN, close=close).caged == answer


def test_the_filter_lets_nothing_be_written_where_other_layers_let_files_be_opened() -> None:
    close = "seccomp.close(may_open=True)"
    assert attempt("os.open(SECRET, os.O_RDWR)", close=close).refused


def test_a_network_of_its_own_leads_nowhere() -> None:
    setup = "server = socket.create_server(('127.0.0.1', 0))"
    attack = "socket.socket().connect(server.getsockname())"
    tried = attempt(attack, setup=setup, close=ROOTLESS)
    assert (tried.free, tried.caged) == ("done", "ENETUNREACH")


def test_landlock_keeps_tcp_and_signals_in() -> None:
    setup = "server = socket.create_server(('127.0.0.1', 0))"
    close = "privileges.drop(); landlock.close()"
    attack = "socket.socket().connect(server.getsockname())"
    assert attempt(attack, setup=setup, close=close).caged == "EACCES"
    assert attempt("os.kill(os.getppid(), 0)", close=close).caged == "EPERM"


def test_nobody_can_do_nothing_to_others() -> None:
    close = "privileges.become_nobody(); privileges.drop()"
    assert attempt("os.kill(os.getppid(), 0)", close=close).refused


def test_random_bytes_are_there_in_the_cage() -> None:
    assert run("assert os.read(os.open('/dev/urandom', os.O_RDONLY), 8) != bytes(8)") == "done"


@pytest.mark.parametrize(
    ("ours", "theirs", "audit"),
    [
        (MACHINES["x86_64"], syscalls.X86_64_SYSCALLS, syscalls.AUDIT_ARCH_X86_64),
        (MACHINES["aarch64"], syscalls.AARCH64_SYSCALLS, syscalls.AUDIT_ARCH_AARCH64),
    ],
    ids=["x86_64", "aarch64"],
)
def test_the_numbers_are_what_another_project_has(
    ours: Machine, theirs: dict[str, int], audit: int
) -> None:
    assert ours.audit == audit
    assert {name: theirs[name] for name in ours.numbers} == ours.numbers


_POORER = """
import asyncio, ctypes, os, sys
from edgewright import Worker
from edgewright.cli import main
from edgewright.isolate.sandbox.bpf import ALLOW, ERRNO, Rule, program
from edgewright.isolate.sandbox.libc import prctl, syscall
from edgewright.isolate.sandbox.seccomp import _Program
from edgewright.isolate.sandbox.syscalls import MACHINES

machine = MACHINES[os.uname().machine]
rules = [Rule(machine.numbers[name], ERRNO | 1) for name in ("unshare", "landlock_create_ruleset")]
code = program(machine.audit, rules, ALLOW)
prctl(38, 1)
syscall(machine.numbers["seccomp"], 1, 0, ctypes.byref(_Program(len(code) // 8, code)))

async def run():
    async with Worker(sys.argv[1], sandbox=sys.argv[2]) as worker:
        print(sorted(worker.missing_layers), await (await worker.fetch("http://x/")).text())

if sys.argv[3:]:
    main(["serve", sys.argv[1], "--sandbox", sys.argv[2], "--port", "0"])
else:
    asyncio.run(run())
"""
"""Runs a Worker, or serves it, as on a machine without namespaces and Landlock."""

WORKER = "export default { fetch: () => new Response(`${typeof Math.random()} ${Date()}`) }"


def poorer(path: Path, sandbox: str) -> subprocess.CompletedProcess[str]:
    path.write_text(WORKER)
    command = [sys.executable, "-c", _POORER, str(path), sandbox]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_machine_with_fewer_layers_runs_workers_all_the_same(tmp_path: Path) -> None:
    run = poorer(tmp_path / "worker.js", "auto")
    assert run.stdout.startswith("['landlock', 'namespaces', 'root'] number"), run.stderr


def test_where_the_sandbox_is_required_it_does_not(tmp_path: Path) -> None:
    run = poorer(tmp_path / "worker.js", "require")
    assert run.returncode == 1
    assert "The sandbox is incomplete here: no namespaces (Operation not permitted)" in run.stderr


def test_without_a_sandbox_nothing_is_missing(tmp_path: Path) -> None:
    assert poorer(tmp_path / "worker.js", "off").stdout.startswith("[] number")


def test_serve_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "worker.js").write_text(WORKER)
    command = [sys.executable, "-c", _POORER, str(tmp_path / "worker.js"), "auto", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as serving:
        assert serving.stdout is not None
        assert serving.stderr is not None
        assert b" serving " in serving.stdout.readline()
        serving.terminate()
        warnings = [line for line in serving.stderr if line.startswith(b"Warning: The sandbox")]
    assert len(warnings) == 1
    assert b"no namespaces" in warnings[0]


def test_serve_refuses_where_the_sandbox_is_required(tmp_path: Path) -> None:
    (tmp_path / "worker.js").write_text(WORKER)
    command = [sys.executable, "-c", _POORER, str(tmp_path / "worker.js"), "require", "serve"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert run.stderr.startswith("Error: The sandbox is incomplete here: no namespaces")
