"""`edgewright doctor`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edgewright.isolate.sandbox import LAYERS


def doctor(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgewright", "doctor", *options],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def checks(*options: str, **environment: str) -> dict[str, dict[str, str]]:
    found = doctor("--json", *options, **environment)
    return {check["name"]: check for check in json.loads(found.stdout)}


def test_a_machine_that_can_run_workers_is_well() -> None:
    run = doctor()
    assert run.returncode == 0, run.stdout
    assert "ok    Worker: ran in " in run.stdout


def test_programs_are_told_of_everything() -> None:
    found = checks()
    assert {"Python", "pydeno", "Worker", "snapshot", "open files", "CPUs"} < found.keys()
    assert found["Worker"]["status"] == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")
def test_each_layer_of_the_sandbox_is_tried() -> None:
    assert {f"sandbox: {name}" for name in LAYERS} < checks().keys()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = checks("--port", str(port))[f"port {port}"]
    assert found["status"] == "warning"
    assert "--port" in found["advice"]


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    assert checks(XDG_CACHE_HOME=str(nowhere))["snapshot"]["status"] == "warning"


def test_without_its_engine_it_fails() -> None:
    # Isolate hosts are started with an interpreter that ends at once.
    program = (
        "import sys, edgewright.gateway.hosts as hosts\n"
        "hosts.sys = type(sys)('sys')\n"
        "hosts.sys.executable = '/bin/false'\n"
        "hosts.sys.stderr = sys.stderr\n"
        "from edgewright.cli import main\n"
        "main(['doctor', '--json'])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 1
    (worker,) = [check for check in json.loads(run.stdout) if check["name"] == "Worker"]
    assert worker["status"] == "missing"
