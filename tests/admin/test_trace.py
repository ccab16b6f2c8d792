"""`edgewright trace ID`, of a server that runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile

import pytest

from tests.admin.conftest import Server, Start
from tests.support.running import PATIENCE


def trace(runtime: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgewright", "trace", *arguments],
        env={**os.environ, "XDG_RUNTIME_DIR": runtime, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )


@pytest.fixture(scope="module")
def timed(start: Start) -> Server:
    """One that says of each response what its trace is called."""
    return start("serve", "--admin", "0", "--server-timing")


def trace_id(timing: str) -> str:
    found = re.search(r'traceparent;desc="00-([0-9a-f]{32})-[0-9a-f]{16}-01"', timing)
    assert found, timing
    return found[1]


def test_the_waterfall_by_the_id_in_server_timing(timed: Server) -> None:
    response = timed.get("/fetch", params={"url": f"{timed.url}/hello"})
    timing = response.headers["server-timing"]
    assert "fetch;dur=" in timing
    id = trace_id(timing)
    timed.until(f"/api/requests/{id}", lambda answer: "error" not in answer)
    lines = trace(timed.runtime, id).stdout.splitlines()
    assert "/fetch?url=" in lines[0]
    assert " 200 ok " in lines[0]
    assert "shop, " in lines[1]
    assert any(re.search(r"GET 127\.0\.0\.1:\d+/hello .*░.* ms, 200", line) for line in lines)
    assert any("(log) at /fetch" in line for line in lines)


def test_the_exception_by_the_ray_of_the_error_page(timed: Server) -> None:
    page = timed.get("/throw", headers={"accept": "text/html"})
    found = re.search(r"[0-9a-f]{16}", page.text)
    assert found, page.text
    timed.until(f"/api/requests/{found[0]}", lambda answer: "error" not in answer)
    text = trace(timed.runtime, found[0]).stdout
    assert "RangeError: out of it" in text
    assert re.search(r"shop\.js:\d+:\d+", text)


def test_as_json_it_is_what_the_api_says(timed: Server) -> None:
    id = trace_id(timed.get("/json").headers["server-timing"])
    detail = timed.until(f"/api/requests/{id}", lambda answer: "error" not in answer)
    assert json.loads(trace(timed.runtime, id, "--json").stdout) == detail


def test_an_id_that_nobody_remembers_says_so(timed: Server) -> None:
    ended = trace(timed.runtime, "0" * 32)
    assert ended.returncode == 1
    assert "only the last ones are" in ended.stderr


def test_without_a_server_it_says_what_to_do() -> None:
    with tempfile.TemporaryDirectory(prefix="ew") as runtime:
        ended = trace(runtime, "0" * 32)
    assert ended.returncode == 1
    assert "start `edgewright serve` with --admin, or `dev`" in ended.stderr
