"""The admin port and the processes around it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.admin.conftest import Server, Start
from tests.support.running import PATIENCE, below

WORKER = "export default { fetch() { return new Response(); } };"


def admins(server: Server) -> list[int]:
    """The processes behind its admin port."""
    return [pid for pid in below(server.process.pid) if "edgewright.admin" in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def test_what_a_gateway_had_counted_outlives_it(start: Start) -> None:
    server = start("serve", "--admin", "0")
    server.get("/before")
    server.until("/api/overview", lambda overview: overview["total"]["total_requests"] == 1)
    (gateway,) = [p for p in below(server.process.pid) if "edgewright.gateway" in _command(p)]
    os.kill(gateway, signal.SIGKILL)
    after = server.until(
        "/api/overview",
        lambda o: o["node"]["gateway_restarts"] == 1 and o["node"]["gateways"] == 1,
    )
    assert after["total"]["total_requests"] == 1
    server.get("/after")
    server.until("/api/overview", lambda overview: overview["total"]["total_requests"] == 2)


def test_the_admin_process_is_replaced_when_it_dies(start: Start) -> None:
    server = start("serve", "--admin", "0")
    server.until("/api/overview", lambda overview: overview["node"]["gateways"] == 1)
    (first,) = admins(server)
    os.kill(first, signal.SIGKILL)
    server.get("/meanwhile")
    server.until("/api/overview", lambda overview: overview["total"]["total_requests"] == 1)
    assert admins(server) != [first]


def test_in_dev_it_starts_when_somebody_looks(start: Start) -> None:
    server = start("dev")
    assert admins(server) == []
    server.get("/before")
    overview = server.until("/api/overview", lambda o: o["total"]["total_requests"] == 1)
    assert overview["node"]["dev"] is True
    assert overview["total"]["requests"] == 1
    assert len(admins(server)) == 1


@pytest.fixture(scope="module")
def runtime() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ew") as folder:
        yield folder


def refused(runtime: str, tmp_path: Path, *arguments: str, **environment: str) -> str:
    """What the command says that does not start."""
    worker = tmp_path / "worker.js"
    worker.write_text(WORKER)
    ended = subprocess.run(
        [sys.executable, "-m", "edgewright", "serve", worker, "--port", "0", *arguments],
        env={**os.environ, "XDG_RUNTIME_DIR": runtime, **environment},
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )
    assert ended.returncode == 1
    return ended.stderr


def test_a_port_that_is_taken(runtime: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        said = refused(runtime, tmp_path, "--admin", str(port))
    assert said == (
        f"Error: 127.0.0.1:{port} is in use by another process; stop it, or choose another "
        "--admin\n"
    )


def test_other_machines_need_a_token(runtime: str, tmp_path: Path) -> None:
    said = refused(runtime, tmp_path, "--admin", "0.0.0.0:0")
    assert "needs a token: set EDGEWRIGHT_ADMIN_TOKEN" in said


def test_a_token_that_can_be_guessed(runtime: str, tmp_path: Path) -> None:
    said = refused(runtime, tmp_path, "--admin", "0", EDGEWRIGHT_ADMIN_TOKEN="secret")
    assert "too short: it needs 16 characters" in said
