"""Real processes: a supervisor as the command line would start it, and what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import msgspec
import pytest

PATIENCE = 20.0

_PROGRAM = """
import sys, msgspec
from edgewright.supervisor import ServeSettings, run
sys.exit(run(msgspec.json.decode(sys.argv[1], type=ServeSettings, dec_hook=lambda t, v: t(v))))
"""

WORKER = """\
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/slow") await scheduler.wait(1500);
    if (pathname === "/slower") await scheduler.wait(20_000);
    return new Response("hello");
  },
};
"""


class Running:
    """A supervisor, its output and its family."""

    def __init__(self, settings: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, settings],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.errors = ""
        self._lines: queue.Queue[str] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._read_out, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def url(self) -> str:
        """Waits until it serves."""
        found = re.fullmatch(r"Edgewright \S+ serving \S+ on (\S+)\n", self._line())
        assert found, self.errors
        return found[1]

    def ended(self) -> int:
        """Its exit code, once it has ended and all it wrote is there."""
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        return code

    def gateways(self) -> list[int]:
        return [pid for pid in _children(self.process.pid) if "edgewright.gateway" in _command(pid)]

    def family(self) -> set[int]:
        """All processes below it, isolate hosts included."""
        found: set[int] = set()
        todo = [self.process.pid]
        while todo:
            below = _children(todo.pop())
            found.update(below)
            todo.extend(below)
        return found

    def wait_for_error(self, text: str) -> None:
        eventually(lambda: text in self.errors, f"{text!r} in {self.errors!r}")

    def _line(self) -> str:
        try:
            return self._lines.get(timeout=PATIENCE)
        except queue.Empty:
            return ""

    def _read_out(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors += line


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts supervisors; whatever a test leaves of them is ended."""
    running: list[Running] = []

    def start(path: Path, **settings: object) -> Running:
        values = {"paths": [str(path)], "port": 0, **settings}
        running.append(Running(msgspec.json.encode(values, enc_hook=str).decode()))
        return running[-1]

    yield start
    for each in running:
        family = each.family()
        each.process.kill()
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        each.ended()


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    file = tmp_path / "hello.js"
    file.write_text(WORKER)
    return file


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return response.read().decode()


def eventually(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.02)


def alive(pids: set[int]) -> set[int]:
    """Those that still run: one that has ended and waits for its parent does not."""
    return {pid for pid in pids if _stat(pid)[:1] not in ([], ["Z"], ["X"])}


def _stat(pid: int) -> list[str]:
    """State, parent and so on, of proc_pid_stat(5); empty for a process that is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _children(pid: int) -> list[int]:
    processes = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [each for each in processes if _stat(each)[1:2] == [str(pid)]]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def refused(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_serves_and_ends_cleanly(start: Start, worker: Path) -> None:
    server = start(worker, workers=2)
    url = server.url()
    assert "hello" in get(url)
    family = server.family()
    assert len(server.gateways()) == 2
    server.process.send_signal(signal.SIGTERM)
    assert server.ended() == 0
    assert server.errors == ""
    eventually(lambda: not alive(family), f"end of {family}")


def test_gateways_have_a_cpu_each(start: Start, worker: Path) -> None:
    server = start(worker, workers=2)
    server.url()
    pinned = [os.sched_getaffinity(pid) for pid in server.gateways()]
    assert all(len(cpus) == 1 for cpus in pinned)
    if len(os.sched_getaffinity(0)) > 1:
        assert pinned[0] != pinned[1]


def test_hosts_have_a_cpu_that_no_gateway_has_where_there_is_one(
    start: Start, worker: Path
) -> None:
    server = start(worker)
    get(server.url())
    gateways = server.gateways()
    hosts = server.family() - {*gateways}
    assert hosts
    for host in hosts:
        cpus = os.sched_getaffinity(host)
        assert len(cpus) == 1
        assert (cpus != os.sched_getaffinity(gateways[0])) == (len(os.sched_getaffinity(0)) > 1)


def test_port_in_use(start: Start, worker: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = start(worker, port=port)
        assert server.ended() == 1
    assert server.errors == (
        f"Error: 127.0.0.1:{port} is in use by another process; stop it, or choose another --port\n"
    )


def test_missing_file_is_told_once(start: Start, tmp_path: Path) -> None:
    server = start(tmp_path / "missing.js", workers=3)
    assert server.ended() == 1
    assert server.errors.count("missing.js") == 1
    assert server.errors.startswith("Error: ")
    assert "Traceback" not in server.errors


def test_syntax_error_points_at_the_place(start: Start, worker: Path) -> None:
    worker.write_text("export default {\n  fetch() {;\n")
    server = start(worker)
    assert server.ended() == 1
    assert "hello.js:" in server.errors
    assert "SyntaxError" in server.errors
    assert "^" in server.errors
    assert "Traceback" not in server.errors


def test_what_a_worker_throws_at_its_start_does_not_drive_the_terminal(
    start: Start, worker: Path
) -> None:
    worker.write_text('throw new Error("\\x1b[2Jgone".padEnd(9e6));')
    server = start(worker)
    assert server.ended() == 1
    assert "\x1b" not in server.errors
    assert "\\x1b[2Jgone" in server.errors


def test_unusable_certificate(start: Start, worker: Path) -> None:
    server = start(worker, tls_cert=worker, tls_key=worker)
    assert server.ended() == 1
    assert server.errors.startswith("Error: TLS certificate ")
    assert server.errors.count("\n") == 1


def test_certificate_without_a_key(start: Start, worker: Path) -> None:
    server = start(worker, tls_cert=worker)
    assert server.ended() == 1
    assert "--tls-key" in server.errors


def test_a_gateway_that_dies_is_replaced(start: Start, worker: Path) -> None:
    server = start(worker, workers=2)
    url = server.url()
    before = set(server.gateways())
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    server.wait_for_error("was ended by SIGKILL; it is replaced now")
    eventually(lambda: len(set(server.gateways()) - {victim}) == 2, "a new gateway")
    assert "hello" in get(url)


def test_requests_in_flight_finish_and_connections_are_refused(start: Start, worker: Path) -> None:
    server = start(worker, workers=2)
    url = server.url()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(get, f"{url}/slow")
        time.sleep(0.4)
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: refused(url), "connections refused")
        assert not slow.done()
        assert "hello" in slow.result()
    assert server.ended() == 0


def test_the_time_to_drain_is_limited(start: Start, worker: Path) -> None:
    server = start(worker, drain=0.2)
    url = server.url()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(get, f"{url}/slower")
        time.sleep(0.4)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.ended() == 0
        assert time.monotonic() - began < 15
        assert isinstance(slow.exception(PATIENCE), OSError | HTTPException)


def test_a_second_ctrl_c_insists(start: Start, worker: Path) -> None:
    server = start(worker)
    url = server.url()
    family = server.family()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(get, f"{url}/slower")
        time.sleep(0.4)
        began = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        server.process.send_signal(signal.SIGINT)
        assert server.ended() == 0
        assert time.monotonic() - began < 15
        assert isinstance(slow.exception(PATIENCE), OSError | HTTPException)
    eventually(lambda: not alive(family), f"end of {family}")


def test_ctrl_c_in_a_terminal_reaches_the_supervisor_alone(start: Start, worker: Path) -> None:
    server = start(worker, workers=2)
    url = server.url()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(get, f"{url}/slow")
        time.sleep(0.4)
        os.killpg(server.process.pid, signal.SIGINT)
        assert "hello" in slow.result()
    assert server.ended() == 0
    assert server.errors == ""


def test_gateways_end_with_their_supervisor(start: Start, worker: Path) -> None:
    server = start(worker, workers=2)
    url = server.url()
    family = server.family()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(get, f"{url}/slow")
        time.sleep(0.4)
        server.process.kill()
        assert "hello" in slow.result()
    eventually(lambda: not alive(family), f"end of {family}")


def test_dev_serves_a_change_without_dropping_a_request(start: Start, worker: Path) -> None:
    server = start(worker, dev=True)
    url = server.url()
    answers: list[str] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers.append(get(url))

    with ThreadPoolExecutor() as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        try:
            slow = pool.submit(get, f"{url}/slow")
            time.sleep(0.3)
            for version in ("second", "third"):
                replacement = worker.with_suffix(".tmp")
                replacement.write_text(WORKER.replace("hello", version))
                replacement.rename(worker)
                eventually(
                    lambda v=version: any(v in answer for answer in answers[-1:]),
                    f"version {version}",
                )
            assert "hello" in slow.result()
        finally:
            over.set()
        for each in asking:
            each.result()


def test_dev_keeps_the_old_version_while_the_new_one_is_broken(start: Start, worker: Path) -> None:
    server = start(worker, dev=True)
    url = server.url()
    worker.write_text('import "./lib/other.js";\n' + WORKER.replace("hello", "second"))
    server.wait_for_error("other.js")
    assert "hello" in get(url)
    other = worker.parent / "lib" / "other.js"
    other.parent.mkdir()
    other.write_text("export const nothing = 0;")
    eventually(lambda: "second" in get(url), "the second version")
    worker.write_text(WORKER.replace("hello", "third"))
    eventually(lambda: "third" in get(url), "the third version")
    assert "Traceback" not in server.errors
