"""Workers behind `edgewright serve` and `edgewright dev`: HTTP/2, TLS, what is left at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import trustme
from devtools import DevTools
from running import Command, Origin, Run, Serve, below, eventually, open_files

from edgewright import Worker

WORKERS = Path(__file__).parent

Edgewright = Callable[..., Awaitable[Command]]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path, ssl.SSLContext]:
    """Certificate, key, and what trusts them."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(cert, append=True)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return cert, key, context


@pytest.mark.parametrize("http2", [False, True])
async def test_tls(
    edgewright: Edgewright, certificate: tuple[Path, Path, ssl.SSLContext], http2: bool
) -> None:
    cert, key, context = certificate
    worker = WORKERS / "bodies.js"
    command = await edgewright("serve", worker, "--tls-cert", cert, "--tls-key", key)
    async with httpx.AsyncClient(http2=http2, verify=context, timeout=30) as client:
        response = await client.post(f"{command.url}/text", content="over tls")
        assert (response.status_code, response.text) == (200, "OVER TLS")
        assert response.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
        big = b"x" * 500_000
        response = await client.post(f"{command.url}/transform-request", content=big)
        assert response.content == big.upper()
        answers = await asyncio.gather(
            *(client.post(f"{command.url}/count", content=b"y" * 50_000) for _ in range(20))
        )
        assert [answer.text for answer in answers] == ["50000"] * 20


async def test_pass_through_of_the_command(edgewright: Edgewright, upstream: Origin) -> None:
    worker = WORKERS / "lifetime.js"
    command = await edgewright("serve", worker, "--upstream", upstream.url)
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(f"{command.url}/pass")).text == "origin /pass"


async def test_dev_shows_where_it_was_thrown(edgewright: Edgewright) -> None:
    command = await edgewright("dev", WORKERS / "responses.js")
    async with httpx.AsyncClient(timeout=60) as client:
        page = (await client.get(f"{command.url}/throws", headers={"accept": "text/html"})).text
    assert "secret message" in page
    assert "throw new TypeError(" in page


async def test_dev_says_where_devtools_is(edgewright: Edgewright) -> None:
    command = await edgewright("dev", WORKERS / "responses.js", "--inspector-port", "0")
    assert command.process.stdout is not None
    told = command.process.stdout
    while not (line := (await asyncio.wait_for(told.readline(), 20)).decode()).startswith("Dev"):
        assert line
    assert line.startswith("DevTools: devtools://devtools/bundled/js_app.html?")
    async with DevTools(f"ws://{line.strip().partition('ws=')[2]}") as devtools:
        result = await devtools.ask("Runtime.evaluate", expression="1 + 1")
    assert result["result"]["value"] == 2


async def burst(url: str, upstream: str) -> None:
    """All kinds of requests at once; some of the clients leave."""
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(limits=limits, timeout=20) as client:

        async def leave(path: str) -> None:
            with contextlib.suppress(httpx.ReadTimeout):
                await client.get(f"{url}{path}", timeout=httpx.Timeout(20, read=0.1))

        async def leave_in_the_middle(path: str) -> None:
            async with client.stream("GET", f"{url}{path}") as response:
                async for _ in response.aiter_raw():
                    break

        paths = ["/client", "/timeout", "/while-reading", "/cancel-body", "/unread"]
        await asyncio.gather(
            *(client.get(f"{url}{path}?upstream={upstream}") for path in paths[1:] * 5),
            *(leave(f"/client?upstream={upstream}") for _ in range(10)),
            *(leave(f"/client-wait?upstream={upstream}") for _ in range(5)),
            *(leave_in_the_middle(f"/stream?upstream={upstream}") for _ in range(10)),
            *(leave_in_the_middle(f"/stream-upstream?upstream={upstream}") for _ in range(10)),
        )


async def test_a_burst_leaves_nothing_in_the_processes(
    edgewright: Edgewright, upstream: Origin
) -> None:
    command = await edgewright("serve", WORKERS / "aborts.js")
    # What is made on first use is no leak.
    await burst(command.url, upstream.url)
    assert await eventually(lambda: upstream.app.open == 0)
    await asyncio.sleep(1)
    family = command.family()
    files = {pid: open_files(pid) for pid in family}
    for _ in range(3):
        await burst(command.url, upstream.url)
    assert await eventually(lambda: upstream.app.open == 0)
    assert command.family() == family
    # Connections to the upstream stay open for a while, as many as were needed at once.
    assert await eventually(
        lambda: all(open_files(pid) <= files[pid] + 20 for pid in family), patience=10
    ), ({pid: open_files(pid) for pid in family}, files)


async def test_a_burst_leaves_no_task(run: Run, http: Serve, upstream: Origin) -> None:
    running = await run(WORKERS / "aborts.js")
    url = await http(running.worker.asgi())
    await burst(url, upstream.url)
    assert await eventually(lambda: upstream.app.open == 0)
    assert await running.worker.drain(5)
    tasks = len(asyncio.all_tasks())
    for _ in range(3):
        await burst(url, upstream.url)
    assert await running.worker.drain(5)
    assert await eventually(lambda: len(asyncio.all_tasks()) <= tasks), asyncio.all_tasks()


async def test_closing_a_worker_leaves_no_process_file_or_task(upstream: Origin) -> None:
    async def once() -> None:
        assert await eventually(lambda: upstream.app.open == 0)
        async with Worker(WORKERS / "aborts.js") as worker:
            asking = [
                asyncio.create_task(worker.fetch(f"http://x/client?upstream={upstream.url}"))
                for _ in range(5)
            ]
            assert await eventually(lambda: upstream.app.open == 5)
            asking[0].cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    await once()
    tasks, files, processes = len(asyncio.all_tasks()), open_files(os.getpid()), below(os.getpid())
    for _ in range(3):
        await once()
    assert await eventually(lambda: upstream.app.open == 0)
    assert await eventually(lambda: len(asyncio.all_tasks()) <= tasks), asyncio.all_tasks()
    assert await eventually(lambda: open_files(os.getpid()) <= files + 2)
    assert below(os.getpid()) == processes
