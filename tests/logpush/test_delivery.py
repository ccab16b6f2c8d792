"""From finished requests to destinations: in this process, with real files and a real endpoint."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from receiver import Receiver

from edgewright.logpush import delivery
from edgewright.logpush.job import OutputOptions, read_jobs
from edgewright.logpush.pusher import Logpush
from edgewright.observe.records import Outcome, RequestRecord, WorkerError
from tests.support.running import eventually


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(delivery, "_FIRST_PAUSE", 0.02)


@contextmanager
def pushing(folder: Path, conf: str, **options: Any) -> Iterator[Logpush]:
    (job,) = read_jobs([conf])
    given = {"max_upload_interval_seconds": 0.05, **options}
    with Logpush([msgspec.structs.replace(job, **given)], folder / "buffer") as logpush:
        logpush.workers = {"api": "v1"}
        yield logpush


def request(number: int = 0, worker: str = "api", **options: Any) -> RequestRecord:
    url = f"http://h/{number}"
    given = {"outcome": Outcome.OK, "status": 200, "error": None, **options}
    return RequestRecord(
        worker=worker, method="GET", url=url, wall_ms=12.4, cpu_ms=1.6, subrequests=0, **given
    )


def urls(lines: list[dict[str, Any]]) -> list[str]:
    return [line["Event"]["Request"]["URL"] for line in lines]


async def test_lines_have_the_platforms_fields(tmp_path: Path, receiver: Receiver) -> None:
    error = WorkerError("TypeError", "no", "TypeError: no\n    at worker:/a.js:1:1")
    with pushing(tmp_path, f"{receiver.url}/in") as logpush:
        logpush.request_finished(
            request(1, status=500, outcome=Outcome.EXCEPTION, error=error, ray="0123456789abcdef")
        )
        assert await eventually(lambda: bool(receiver.lines))
    (line,) = receiver.lines
    at = line.pop("EventTimestampMs")
    assert line.pop("Exceptions") == [
        {"Name": "TypeError", "Message": "no", "Stack": error.stack, "TimestampMs": at}
    ]
    assert line == {
        "CPUTimeMs": 2,
        "Entrypoint": "",
        "Event": {
            "RayID": "0123456789abcdef",
            "Request": {"URL": "http://h/1", "Method": "GET"},
            "Response": {"Status": 500},
        },
        "EventType": "fetch",
        "Logs": [],
        "Outcome": "exception",
        "ScriptName": "api",
        "ScriptVersion": {"ID": "v1"},
        "WallTimeMs": 12,
    }


async def test_headers_are_sent_and_no_parameters(tmp_path: Path, receiver: Receiver) -> None:
    conf = f"{receiver.url}/in?a=b&header_Authorization=Bearer%20x&header_X-Mine=yes"
    with pushing(tmp_path, conf) as logpush:
        logpush.request_finished(request())
        assert await eventually(lambda: bool(receiver.lines))
    ((path, headers),) = receiver.requests
    assert path == "/in?a=b"
    assert (headers["authorization"], headers["x-mine"]) == ("Bearer x", "yes")
    assert headers["content-encoding"] == "gzip"


async def test_only_workers_that_are_pushed(tmp_path: Path, receiver: Receiver) -> None:
    with pushing(tmp_path, receiver.url) as logpush:
        logpush.request_finished(request(1, worker="other"))
        logpush.request_finished(request(2))
    assert urls(receiver.lines) == ["http://h/2"]


async def test_batches_are_as_large_as_they_may_be(tmp_path: Path, receiver: Receiver) -> None:
    with pushing(tmp_path, receiver.url, max_upload_records=4) as logpush:
        for number in range(10):
            logpush.request_finished(request(number))
    assert urls(receiver.lines) == [f"http://h/{number}" for number in range(10)]
    assert [len(delivery) for delivery in receiver.deliveries] == [4, 4, 2]


async def test_what_is_refused_is_sent_again(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = [(500, {}), (403, {}), (503, {"Retry-After": "0"})]
    with pushing(tmp_path, receiver.url) as logpush:
        logpush.request_finished(request())
        assert await eventually(lambda: bool(receiver.lines))
    assert len(receiver.requests) == 4
    assert len(receiver.lines) == 1


async def test_retry_after_is_heeded(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [(429, {"Retry-After": "1234"})]
    with pushing(tmp_path, f"{receiver.url}/in?header_X=secret") as logpush:
        logpush.request_finished(request())
        assert await eventually(lambda: "Next try" in caplog.text)
    assert "Next try in 1234 s" in caplog.text
    assert "secret" not in caplog.text
    assert len(receiver.requests) == 1


async def test_what_could_not_be_delivered_is_later(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = [(500, {})] * 1000
    with pushing(tmp_path, receiver.url) as logpush:
        logpush.request_finished(request(1))
    assert receiver.lines == []
    receiver.answers = []
    with pushing(tmp_path, receiver.url):
        assert await eventually(lambda: bool(receiver.lines))
    assert urls(receiver.lines) == ["http://h/1"]


async def test_a_full_buffer_drops_and_counts(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = [(500, {})] * 1000
    with pushing(tmp_path, receiver.url, max_buffer_mb=0) as logpush:
        for number in range(3):
            logpush.request_finished(request(number))
        assert await eventually(lambda: logpush.dropped == 3)


async def test_files_are_whole_and_named_as_on_the_platform(tmp_path: Path) -> None:
    with pushing(tmp_path, f"file://{tmp_path}/logs/{{DATE}}") as logpush:
        logpush.request_finished(request(1))
    (path,) = (tmp_path / "logs").glob("*/*")
    day, name = path.parts[-2:]
    assert len(day) == 8
    assert name.startswith(f"{day}T")
    assert name.endswith(".log.gz")
    lines = gzip.decompress(path.read_bytes()).splitlines()
    assert urls([json.loads(line) for line in lines]) == ["http://h/1"]


def test_fields_are_chosen_and_in_their_order(tmp_path: Path) -> None:
    options = OutputOptions(field_names=("ScriptName", "Outcome"))
    with pushing(tmp_path, f"file://{tmp_path}/logs", output_options=options) as logpush:
        logpush.request_finished(request())
    (path,) = (tmp_path / "logs").iterdir()
    assert gzip.decompress(path.read_bytes()) == b'{"ScriptName":"api","Outcome":"ok"}\n'
