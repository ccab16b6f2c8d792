"""What is too large, to come in, to go out, to be logged or to be started."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from running import Run, Serve

from edgewright import Outcome, Worker
from edgewright.build import BuildError
from edgewright.config import ConfigError
from edgewright.config.limits import Limits
from edgewright.gateway.loading import StartupError

FOLDER = Path(__file__).parent / "limits"
WORKER = FOLDER / "sizes.js"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/" + "x" * 16_000, {}, 200),
        ("/" + "x" * 16_384, {}, 414),
        ("/", {"x-large": "x" * 60_000, "x-more": "x" * 60_000}, 200),
        ("/", {"x-large": "x" * 70_000, "x-more": "x" * 70_000}, 431),
    ],
)
async def test_a_head_that_is_too_large_is_refused(
    run: Run, http: Serve, path: str, headers: dict[str, str], status: int
) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(f"{url}{path}", headers=headers)).status_code == status
    assert len(running.observed.requests) == (status == 200)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_refused(run: Run, http: Serve, chunked: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * (1 << 15)

    running = await run(WORKER, limits={"request_body_mb": 1})
    url = await http(running.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        body = chunks() if chunked else b"x" * (1 << 20) + b"x"
        assert (await client.post(url, content=body)).status_code == 413
        response = await client.post(url, content=b"x" * (1 << 20))
        assert (response.status_code, response.text) == (200, str(1 << 20))


@pytest.mark.parametrize(("size", "status"), [(120_000, 200), (140_000, 500)])
async def test_response_headers_that_are_too_large_fail_the_request(
    run: Run, http: Serve, size: int, status: int
) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.split(":")[2]))
    writer.write(b"GET /headers?size=%d HTTP/1.1\r\nHost: h\r\nconnection: close\r\n\r\n" % size)
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    writer.close()
    error = running.observed.requests[0].error
    assert (error is None) == (status == 200)
    assert error is None or "larger than 128 KB" in error.message


async def test_too_much_log_is_cut_off(run: Run) -> None:
    running = await run(WORKER)
    assert await running.text("/log") == "logged"
    *lines, last = running.logged
    assert len(lines) == 26  # of 10,000 bytes each
    assert last.startswith("Log size limit exceeded: More than 256KB of data")
    assert running.observed.requests[0].outcome is Outcome.OK


async def test_a_worker_that_starts_for_too_long_does_not(run: Run) -> None:
    with pytest.raises(StartupError, match="Script startup exceeded CPU time limit"):
        await run(FOLDER / "slow_start.js", limits={"startup_cpu_ms": 200})


async def test_a_worker_that_is_too_large_is_not_built(run: Run, tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(1 << 20).hex()
    path = tmp_path / "large.js"
    path.write_text(f"export default {{ fetch: () => new Response('{noise}') }};")
    with pytest.raises(BuildError, match=r"1\.\d MB in all, compressed; 1 MB are allowed"):
        await run(path, limits={"script_mb": 1})


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({f"V{number}": "x" for number in range(65)}, "there may be 64 variables"),
        ({"LARGE": "x" * 5121}, "vars.LARGE: larger than 5 KB"),
    ],
)
async def test_variables_are_limited(
    run: Run, tmp_path: Path, variables: dict[str, str], problem: str
) -> None:
    config = json.dumps({"main": "w.js", "vars": variables})
    (tmp_path / "wrangler.json").write_text(config)
    (tmp_path / "w.js").write_text("export default { fetch() {} }")
    with pytest.raises(ConfigError, match=problem):
        await run(tmp_path)


async def test_the_operator_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text('main = "w.js"\n[limits]\ncpu_ms = 5000\nlog_kb = 1\n')
    (tmp_path / "w.js").write_text("export default { fetch: () => new Response('') }")
    async with Worker(tmp_path, most=Limits(cpu_ms=100)) as worker:
        assert worker.config.limits.cpu_ms == 5000
        limits = worker._node.limits(worker.bundle.name)  # pyright: ignore[reportPrivateUsage]
        assert (limits.cpu_ms, limits.log_kb) == (100, 1)
