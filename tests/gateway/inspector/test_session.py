"""DevTools at a Worker: a client of the protocol, the gateway's endpoints, and real isolates in
their cages."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bundling import MODULES
from devtools import DevTools
from running import Running, below, eventually, open_files

from edgewright import Recorder, Worker, WorkerException
from edgewright.gateway.inspector.server import InspectorServer, listen
from edgewright.gateway.inspector.targets import Targets

TYPESCRIPT = Path(__file__).parent / "orders.ts"


@dataclass
class Inspected(Running):
    """A Worker, bundled from TypeScript, with DevTools at `url`."""

    script: Path
    url: str


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with src/orders.ts, and dist/worker.js and its map."""
    folder = tmp_path_factory.mktemp("orders")
    (folder / "src").mkdir()
    shutil.copy(TYPESCRIPT, folder / "src")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(
        [
            *(MODULES / ".bin" / "esbuild", "src/orders.ts", "--outfile=dist/worker.js"),
            *("--bundle", "--format=esm", "--sourcemap", "--log-level=warning"),
        ],
        check=True,
        cwd=folder,
        env=os.environ | {"PATH": path},
    )
    return folder / "dist" / "worker.js"


@pytest.fixture
async def inspected(bundled: Path, tmp_path: Path) -> AsyncIterator[Inspected]:
    folder = shutil.copytree(bundled.parents[1], tmp_path / "orders")
    script = folder / "dist" / "worker.js"
    targets, observed = Targets(), Recorder()
    async with (
        Worker(script, observer=observed, targets=targets, limits={"cpu_ms": 100}) as worker,
        InspectorServer(targets, listen(0)) as server,
    ):
        address = server.url(worker.bundle.name).partition("ws=")[2]
        yield Inspected(worker, observed, script, f"ws://{address}")


def opened() -> int:
    """Descriptors of this process and of those below it."""
    return sum(map(open_files, [os.getpid(), *below(os.getpid())]))


async def settled() -> int:
    """The same, once the isolate in place of the one that was taken has started."""
    before, since = opened(), time.monotonic()
    while time.monotonic() < since + 0.7:
        await asyncio.sleep(0.05)
        if opened() != before:
            before, since = opened(), time.monotonic()
    return before


def line_of(text: str, script: Path) -> int:
    """Counted from 0, as the protocol does."""
    lines = script.read_text().splitlines()
    return next(number for number, line in enumerate(lines) if text in line)


async def test_a_breakpoint_pauses_the_request_that_comes_by(inspected: Inspected) -> None:
    script = inspected.script
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Debugger.enable")
        line = line_of("sum += order.price", script)
        set_there = await devtools.ask(
            "Debugger.setBreakpointByUrl", url=script.as_uri(), lineNumber=line
        )
        assert len(set_there["locations"]) == 1
        answer = asyncio.create_task(inspected.text())
        paused = await devtools.event("Debugger.paused")
        assert paused["hitBreakpoints"] == [set_there["breakpointId"]]
        frame = paused["callFrames"][0]
        assert [each["functionName"] for each in paused["callFrames"]] == ["total", "fetch"]
        evaluated = await devtools.ask(
            "Debugger.evaluateOnCallFrame",
            callFrameId=frame["callFrameId"],
            expression="order.price",
        )
        assert evaluated["result"]["value"] == 40
        assert not answer.done()
        await devtools.ask("Debugger.removeBreakpoint", breakpointId=set_there["breakpointId"])
        await devtools.ask("Debugger.resume")
        assert await answer == "sum 42"


async def test_no_limit_holds_for_a_request_that_is_paused(inspected: Inspected) -> None:
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Debugger.enable")
        answer = asyncio.create_task(inspected.text("/debugger"))
        paused = await devtools.event("Debugger.paused")
        # Several times the CPU time that it may use.
        await devtools.ask(
            "Debugger.evaluateOnCallFrame",
            callFrameId=paused["callFrames"][0]["callFrameId"],
            expression="for (let i = 0; i < 5e7; i++);",
        )
        await devtools.ask("Debugger.resume")
        assert await answer == "went on"
    assert [record.outcome for record in inspected.observed.requests] == ["ok"]


async def test_a_request_goes_on_when_the_debugger_leaves(inspected: Inspected) -> None:
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Debugger.enable")
        answer = asyncio.create_task(inspected.text("/debugger"))
        await devtools.event("Debugger.paused")
    assert await answer == "went on"


async def test_limits_hold_again_when_the_debugger_has_left(inspected: Inspected) -> None:
    before = await settled()
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Debugger.enable")
    # The host hears of it a moment later, and a turn that began before is under no limit.
    assert await eventually(lambda: opened() <= before)
    with pytest.raises(WorkerException, match="exceeded CPU time limit"):
        await inspected.text("/loop")


async def test_a_script_has_its_source_map_with_the_typescript_in_it(inspected: Inspected) -> None:
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Debugger.enable")
        parsed = await devtools.event("Debugger.scriptParsed", url=inspected.script.as_uri())
        kind, _, encoded = parsed["sourceMapURL"].partition(",")
        assert kind == "data:application/json;base64"
        source_map = json.loads(base64.b64decode(encoded))
        typescript = inspected.script.parents[1] / "src" / "orders.ts"
        assert source_map["sources"] == [typescript.as_uri()]
        assert source_map["sourcesContent"] == [TYPESCRIPT.read_text()]


async def test_scripts_that_are_not_the_workers_are_not_shown(inspected: Inspected) -> None:
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Debugger.enable")
        urls = [each["url"] for name, each in devtools.events if name == "Debugger.scriptParsed"]
        assert urls == [inspected.script.as_uri()]


async def test_what_is_written_to_the_console_comes_with_its_objects(inspected: Inspected) -> None:
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Runtime.enable")
        await inspected.text()
        called = await devtools.event("Runtime.consoleAPICalled")
        assert called["type"] == "log"
        assert called["timestamp"] > 0
        text, value = called["args"]
        assert text["value"] == "total"
        properties = await devtools.ask(
            "Runtime.getProperties", objectId=value["objectId"], ownProperties=True
        )
        assert properties["result"][0]["value"]["value"] == 42
        # Who called is the Worker, and nothing of ours.
        assert called["stackTrace"]["callFrames"][0]["functionName"] == "fetch"
    assert inspected.logged == ["total { sum: 42 }"]


async def test_the_console_evaluates_in_the_workers_global_scope(inspected: Inspected) -> None:
    async with DevTools(inspected.url) as devtools:
        result = await devtools.ask(
            "Runtime.evaluate", expression="new URL('/a', 'http://b').href", returnByValue=True
        )
        assert result["result"]["value"] == "http://b/a"


async def test_a_cpu_profile_names_the_workers_function(inspected: Inspected) -> None:
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Profiler.enable")
        urls: set[str] = set()
        for _ in range(30):  # who takes samples is a thread, which a busy machine may not let run
            await devtools.ask("Profiler.start")
            for _ in range(5):
                await inspected.text("/work")
            profile = (await devtools.ask("Profiler.stop"))["profile"]
            frames = [node["callFrame"] for node in profile["nodes"]]
            if urls := {frame["url"] for frame in frames if frame["functionName"] == "fibonacci"}:
                break
        assert urls == {inspected.script.as_uri()}


async def test_a_heap_snapshot_has_the_workers_objects(inspected: Inspected) -> None:
    async with DevTools(inspected.url) as devtools:
        await inspected.text()
        await devtools.ask("HeapProfiler.takeHeapSnapshot", reportProgress=False)
        chunks = [
            parameters["chunk"]
            for name, parameters in devtools.events
            if name == "HeapProfiler.addHeapSnapshotChunk"
        ]
        snapshot = json.loads("".join(chunks))
        assert "OrderBook" in snapshot["strings"]


async def test_a_session_goes_along_to_the_next_version(inspected: Inspected) -> None:
    script = inspected.script
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Runtime.enable")
        await devtools.ask("Debugger.enable")
        line = line_of("return sum", script)
        await devtools.ask("Debugger.setBreakpointByUrl", url=script.as_uri(), lineNumber=line)
        script.write_text(script.read_text().replace("sum ${", "the sum is ${"))
        assert await inspected.worker.reload()
        await devtools.event("Runtime.executionContextsCleared")
        await devtools.event("Debugger.scriptParsed", url=script.as_uri(), number=2)
        answer = asyncio.create_task(inspected.text())
        await devtools.event("Debugger.paused")
        await devtools.ask("Debugger.resume")
        assert await answer == "the sum is 42"


async def test_two_front_ends_may_look_at_a_worker(inspected: Inspected) -> None:
    async with DevTools(inspected.url) as one, DevTools(inspected.url) as other:
        for each in (one, other):
            await each.ask("Runtime.enable")
        await inspected.text()
        for each in (one, other):
            assert (await each.event("Runtime.consoleAPICalled"))["type"] == "log"


async def test_nothing_is_left_of_a_session_that_has_ended(inspected: Inspected) -> None:
    before = await settled()
    async with DevTools(inspected.url) as devtools:
        await devtools.ask("Runtime.enable")
        assert opened() > before
    assert await eventually(lambda: opened() <= before)
