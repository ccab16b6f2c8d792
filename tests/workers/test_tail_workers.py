"""Workers that are told of other Workers' requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgewright import ConfigError
from edgewright.gateway import tail_workers
from edgewright.observe.records import Outcome
from tests.support.running import Run, Running, eventually

HERE = Path(__file__).parent / "tail_workers"

PRODUCER = """
name = "producer"
main = "producer.js"
tail_consumers = [{ service = "logs" }]
services = [
  { binding = "LOGS", service = "logs" },
  { binding = "SELF", service = "producer" },
]
"""
LOGS = """
name = "logs"
main = "logs.js"
services = [{ binding = "PRODUCER", service = "producer" }]
"""


def configured(folder: Path, main: str, config: str) -> Path:
    """The Worker, with this configuration."""
    folder.mkdir(exist_ok=True)
    (folder / main).write_text((HERE / main).read_text())
    path = folder / f"{Path(main).stem}.toml"
    path.write_text(config)
    return path


@pytest.fixture
async def tailed(run: Run, tmp_path: Path) -> Running:
    logs = configured(tmp_path, "logs.js", LOGS)
    return await run(configured(tmp_path, "producer.js", PRODUCER), others=[logs])


def calls(running: Running) -> list[Any]:
    """The calls of the tail handler."""
    return [record for record in running.observed.requests if record.method == "TAIL"]


async def told(running: Running) -> list[dict[str, Any]]:
    """What the tail Worker has been told."""
    assert await eventually(lambda: bool(calls(running)))
    return await running.json("/logs/events")


async def test_a_request_as_the_platform_tells_it(tailed: Running) -> None:
    headers = {"authorization": "Bearer x", "x-mine": "yes"}
    response = await tailed.fetch("/page?token=eyJhbGciOiJIUzI1NiIsInR5", headers=headers)
    assert response.status == 201
    (item,) = await told(tailed)
    assert (item["scriptName"], item["outcome"]) == ("producer", "ok")
    request = item["event"]["request"]
    assert request["url"] == "http://worker.test/page?token=REDACTED"
    assert request["headers"] == {"authorization": "REDACTED", "x-mine": "yes"}
    assert item["event"]["response"] == {"status": 201}
    (log,) = item["logs"]
    assert (log["level"], log["message"]) == ("log", ["at /page"])
    assert item["exceptions"] == item["diagnosticsChannelEvents"] == []
    assert item["eventTimestamp"] <= log["timestamp"]
    assert item["wallTime"] > 0
    assert item["cpuTime"] > 0
    assert item["truncated"] is False


async def test_what_is_redacted_can_be_had(tailed: Running) -> None:
    await tailed.fetch("/page?token=eyJhbGciOiJIUzI1NiIsInR5", headers={"cookie": "a=b"})
    await told(tailed)
    assert await tailed.json("/logs/unredacted") == {
        "url": "http://worker.test/page?token=eyJhbGciOiJIUzI1NiIsInR5",
        "headers": {"cookie": "a=b"},
        "again": True,
        "keys": ["url", "method", "headers", "cf"],
    }


async def test_an_exception_is_told(tailed: Running) -> None:
    with pytest.raises(Exception, match="out of the producer"):
        await tailed.fetch("/throws")
    (item,) = await told(tailed)
    assert item["outcome"] == "exception"
    (error,) = item["exceptions"]
    assert (error["name"], error["message"]) == ("TypeError", "out of the producer")
    assert "producer.js:8" in error["stack"]


async def test_calls_by_rpc_are_told_too(tailed: Running) -> None:
    await tailed.fetch("/rpc")
    assert await eventually(lambda: bool(calls(tailed)))
    items = await told(tailed)
    assert {"rpcMethod": "hello"} in [item["event"] for item in items]


async def test_requests_are_told_together(tailed: Running) -> None:
    for _ in range(5):
        await tailed.fetch("/many")
    assert await tailed.worker.drain()
    counts = await tailed.json("/logs/calls")
    assert sum(counts) == 5
    assert len(counts) < 5


async def test_nothing_is_left_to_be_told_after_a_drain(tailed: Running) -> None:
    await tailed.fetch("/last")
    assert await tailed.worker.drain()
    assert [record.method for record in tailed.observed.requests] == ["GET", "TAIL"]


async def test_a_handler_that_throws_fails_nobody_else(tailed: Running) -> None:
    assert (await tailed.fetch("/poison")).status == 201
    assert await tailed.worker.drain()
    (call,) = calls(tailed)
    assert call.outcome is Outcome.EXCEPTION
    assert call.error is not None
    assert call.error.message == "not that one"
    (request,) = [r for r in tailed.observed.requests if r.method == "GET"]
    assert request.outcome is Outcome.OK


async def test_what_a_tail_worker_causes_is_told_to_none(tailed: Running) -> None:
    await tailed.fetch("/loop")
    assert await tailed.worker.drain()
    asked = [(record.worker, record.method) for record in tailed.observed.requests]
    assert asked.count(("producer", "GET")) == 2
    assert asked.count(("producer", "RPC")) == 1
    assert asked.count(("logs", "TAIL")) == 1


async def test_what_there_is_no_room_for_is_dropped_and_told(
    tailed: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_workers, "MOST_WAITING", 10)
    assert (await tailed.fetch("/a")).status == 201
    assert await tailed.worker.drain()
    assert calls(tailed) == []
    assert "1 tail events were dropped" in tailed.logged[-1]
    assert tailed.worker.tail_events_dropped == 1


async def test_the_classic_form(run: Run, tmp_path: Path) -> None:
    classic = configured(tmp_path, "classic.js", 'name = "classic"\nmain = "classic.js"\n')
    producer = configured(tmp_path, "producer.js", PRODUCER.replace('"logs"', '"classic"'))
    running = await run(producer, others=[classic])
    await running.fetch("/a")
    assert await running.worker.drain()
    assert await running.json("/logs/") == [{"same": True, "is": True}, [["producer", "ok"]]]


async def test_a_worker_without_a_tail_handler_says_so(run: Run, tmp_path: Path) -> None:
    own = PRODUCER.replace('{ service = "logs" }', '{ service = "producer" }')
    own = own.replace('service = "logs"', 'service = "producer"')
    running = await run(configured(tmp_path, "producer.js", own))
    await running.fetch("/a")
    assert await running.worker.drain()
    (call,) = calls(running)
    assert call.error is not None
    assert call.error.message == "Handler does not export a tail() function."


async def test_a_consumer_that_is_missing_stops_the_start(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='tail_consumers names the Worker "logs", which is not'):
        await run(configured(tmp_path, "producer.js", PRODUCER))


async def test_requests_are_traced_only_where_there_are_consumers(run: Run, tmp_path: Path) -> None:
    alone = PRODUCER.replace('tail_consumers = [{ service = "logs" }]', "")
    path = configured(tmp_path, "producer.js", alone)
    running = await run(path, others=[configured(tmp_path, "logs.js", LOGS)])
    await running.fetch("/a")
    path.write_text(PRODUCER)
    assert await running.worker.reload()
    await running.fetch("/b")
    path.write_text(alone)
    assert await running.worker.reload()
    await running.fetch("/c")
    records = [record for record in running.observed.requests if record.method == "GET"]
    assert [record.trace is not None for record in records] == [False, True, False]
