"""Secrets as a Worker gets them, and that nobody else does."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import signal
import sys
from pathlib import Path

import httpx
import pytest
from running import Run, Serve

from edgewright import ConfigError
from edgewright.observe.trace import Tracing
from edgewright.secrets.store import SecretStore
from edgewright.worker import WorkerException

VALUE = "sk-7f3a9c-do-not-tell"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Worker of the test's own."""
    monkeypatch.setenv("EDGEWRIGHT_SECRETS_KEY_FILE", str(tmp_path / "key"))
    shutil.copytree(Path(__file__).parent / "secrets", tmp_path / "w")
    return tmp_path / "w"


@pytest.fixture
def state(folder: Path) -> Path:
    state = folder / ".edgewright" / "state"
    SecretStore(state).put("secretive", {"API_KEY": VALUE})
    return state


async def test_a_secret_of_the_store_is_a_variable(run: Run, folder: Path, state: Path) -> None:
    running = await run(folder, state=state)
    assert await running.json() == {"PLAIN": "of the configuration", "API_KEY": VALUE}


async def test_in_dev_secrets_are_those_of_the_file(run: Run, folder: Path, state: Path) -> None:
    (folder / ".dev.vars").write_text('API_KEY = "of the file"\nPLAIN=mine')
    running = await run(folder, state=state, dev=True)
    assert await running.json() == {"PLAIN": "mine", "API_KEY": "of the file"}


async def test_a_changed_file_is_a_new_version(run: Run, folder: Path) -> None:
    running = await run(folder, dev=True)
    (folder / ".env").write_text("MORE=1")
    assert await running.worker.reload()
    assert (await running.json())["MORE"] == "1"


async def test_an_exception_does_not_tell_a_secret(run: Run, folder: Path, state: Path) -> None:
    running = await run(folder, state=state)
    with pytest.raises(WorkerException) as caught:
        await running.fetch("/throw")
    assert caught.value.message == "the key *** was refused"
    assert VALUE not in caught.value.stack
    (record,) = running.observed.requests
    assert record.error is not None
    assert VALUE not in record.error.message + record.error.stack


async def test_what_is_logged_does_not_tell_a_secret(run: Run, folder: Path, state: Path) -> None:
    running = await run(folder, state=state)
    await running.fetch("/log")
    assert running.logged[0].startswith("the key is ***")
    assert VALUE not in "".join(running.logged)


async def test_a_trace_does_not_tell_a_secret(run: Run, folder: Path, state: Path) -> None:
    (folder / "worker.js").write_text(
        "export default { async fetch(request, env) { "
        "await fetch(`http://127.0.0.1:1/?key=${env.API_KEY}`).catch(() => {}); "
        "return new Response('ok'); } };"
    )
    running = await run(folder, state=state, tracing=Tracing(on=True))
    await running.fetch("/")
    trace = running.observed.requests[0].trace
    assert trace is not None
    assert [note.url for note in trace.fetches.values()] == ["http://127.0.0.1:1/?key=***"]


async def test_an_error_page_does_not_tell_a_secret(
    run: Run, http: Serve, folder: Path, state: Path
) -> None:
    running = await run(folder, state=state)
    url = await http(running.worker.asgi(dev=True))
    async with httpx.AsyncClient(timeout=60) as client:
        page = await client.get(f"{url}/throw", headers={"accept": "text/html"})
    assert "the key *** was refused" in page.text
    assert VALUE not in page.text


async def test_a_worker_that_does_not_start_does_not_tell_a_secret(
    run: Run, folder: Path, state: Path
) -> None:
    (folder / "worker.js").write_text(
        'import { env } from "cloudflare:workers"; throw new Error(env.API_KEY);'
    )
    with pytest.raises(Exception, match=r"Error: \*\*\*") as caught:
        await run(folder, state=state)
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize("command", ["serve", "dev"])
async def test_the_command_s_output_tells_no_secret(
    folder: Path, state: Path, command: str
) -> None:
    (folder / ".dev.vars").write_text(f"API_KEY={VALUE}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edgewright", command, str(folder), "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        output = b""
        while not (found := re.search(rb"http://\S+", output)):
            output += await asyncio.wait_for(process.stdout.readline(), 60)
        url = found[0].decode()
        async with httpx.AsyncClient(timeout=60) as client:
            assert (await client.get(url)).json()["API_KEY"] == VALUE
            page = await client.get(f"{url}/throw", headers={"accept": "text/html"})
            await client.get(f"{url}/log")
        assert VALUE not in page.text
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        output += await process.stdout.read()
        await process.wait()
    assert b"***" in output
    assert VALUE.encode() not in output


async def test_a_required_secret_that_is_missing_stops_the_start(run: Run, folder: Path) -> None:
    config = folder / "wrangler.toml"
    config.write_text(config.read_text() + '\n[secrets]\nrequired = ["API_KEY", "OTHER"]')
    with pytest.raises(ConfigError, match="required secret API_KEY is missing; `edgewright secret"):
        await run(folder)
    (folder / ".dev.vars").write_text("API_KEY=x\nOTHER=y\nEXTRA=z")
    running = await run(folder, dev=True)
    assert await running.json() == {"PLAIN": "of the configuration", "API_KEY": "x", "OTHER": "y"}


async def test_a_secret_can_not_be_named_as_another_binding(run: Run, folder: Path) -> None:
    config = folder / "wrangler.toml"
    config.write_text(config.read_text() + '\n[[kv_namespaces]]\nbinding = "NS"')
    (folder / ".env").write_text("NS=x")
    with pytest.raises(ConfigError, match="two bindings named NS, one a secret"):
        await run(folder, dev=True)


async def test_what_the_program_says_wins(run: Run, folder: Path, state: Path) -> None:
    running = await run(folder, state=state, env={"API_KEY": "the program's"})
    assert (await running.json())["API_KEY"] == "the program's"
