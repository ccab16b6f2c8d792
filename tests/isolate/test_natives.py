"""Natives: what the runtime layer may ask of the host, with a thread for what takes long."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from edgewright.isolate.natives import IsolateNatives, NativeError
from edgewright.isolate.natives import isolate_natives as limits
from edgewright.isolate.natives.pool import Pool
from edgewright.isolate.natives.registry import SMALL_STATE, registry

SHA = '{"hash":"SHA-256"}'
PATIENCE = 20


class Gate:
    """A native that takes as long as the test wants."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = threading.Event()
        self.running: list[bytes] = []

    def __call__(self, data: bytes = b"") -> bytes:
        self.running.append(data)
        self.begun.set()
        assert self.open.wait(PATIENCE)
        return data


class Natives(IsolateNatives):
    """Counts how often a turn was asked for."""

    def __init__(self, pool: Pool) -> None:
        self.asked = threading.Semaphore(0)
        super().__init__(self.asked.release, pool)

    def events(self) -> list[list[Any]]:
        """What there is to take, once there is something."""
        assert self.asked.acquire(timeout=PATIENCE)
        return json.loads(self.take(b"[]", b"")[0])


@pytest.fixture
def pool() -> Pool:
    return Pool()


@pytest.fixture
def natives(pool: Pool) -> Natives:
    return Natives(pool)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    monkeypatch.setitem(registry().functions, "gate", gate)
    yield gate
    gate.open.set()


def fail(**options: object) -> None:
    raise NativeError("DataError", "no")


def panic() -> None:
    raise BaseException("as Rust's panics are")


def test_bytes_come_as_they_are(natives: Natives) -> None:
    assert natives.call("digest", SHA, b"abc") == hashlib.sha256(b"abc").digest()


def test_values_and_errors_come_as_json(natives: Natives, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = registry().functions
    monkeypatch.setitem(functions, "value", lambda: {"a": [1]})
    monkeypatch.setitem(functions, "fail", fail)
    assert natives.call("value", "{}") == '[true,{"a":[1]}]'
    assert natives.call("fail", "{}") == '[false,"DataError","no"]'


@pytest.mark.parametrize(
    ("name", "options", "data"),
    [
        ("no such native", "{}", ()),
        ("digest", "not JSON", ()),
        ("digest", "[]", ()),
        ("digest", '{"hash":1}', (b"",)),
        ("digest", '{"hash":[]}', (b"",)),
        ("digest", '{"hash":"SHA-256","more":1}', (b"",)),
        ("digest", SHA, ()),
        ("digest", SHA, (b"", b"")),
        ("digest", SHA, ("text",)),
        ("panic", "{}", ()),
    ],
)
def test_no_argument_does_more_than_fail(
    natives: Natives, monkeypatch: pytest.MonkeyPatch, name: str, options: str, data: Any
) -> None:
    monkeypatch.setitem(registry().functions, "panic", panic)
    reply = json.loads(natives.call(name, options, *data))
    assert reply[0] is False
    assert reply[1] in ("OperationError", "NotSupportedError")
    assert natives.start(1, 1, name, options, *(part for part in data if isinstance(part, bytes)))
    assert natives.events()[0][0] == "native"


def test_the_pool_computes_and_asks_for_a_turn(natives: Natives) -> None:
    assert natives.start(1, 7, "digest", SHA, b"abc")
    assert natives.asked.acquire(timeout=PATIENCE)
    events, blob, cpu_ns = natives.take(b'[["timer",1]]', b"before")
    _, (tag, op, cpu_ms, size, value, error, _message) = json.loads(events)
    assert (tag, op, size, value, error) == ("native", 7, 32, None, None)
    assert blob == b"before" + hashlib.sha256(b"abc").digest()
    assert cpu_ns == int(cpu_ms * 1e6) > 0
    assert natives.take(b"[]", b"") == (b"[]", b"", 0)


def test_an_isolate_has_one_thread_of_the_pool_at_a_time(pool: Pool, gate: Gate) -> None:
    greedy, modest = Natives(pool), Natives(pool)
    for number in range(3):
        greedy.start(1, number, "gate", "{}", b"%d" % number)
    modest.start(1, 1, "digest", SHA, b"")
    assert modest.events()
    assert gate.begun.wait(PATIENCE)
    assert gate.running == [b"0"]
    gate.open.set()
    done = [event[1] for event in greedy.events()]
    while len(done) < 3:
        done += [event[1] for event in greedy.events()]
    assert done == [0, 1, 2]


def test_what_has_not_begun_is_dropped_with_its_request(natives: Natives, gate: Gate) -> None:
    for request in (1, 1, 2):
        natives.start(request, request, "gate", "{}", b"%d" % request)
    assert gate.begun.wait(PATIENCE)
    natives.end(1)
    gate.open.set()
    done = [event[1] for event in natives.events()]
    while len(done) < 2:
        done += [event[1] for event in natives.events()]
    assert done == [1, 2]
    assert gate.running == [b"1", b"2"]


def test_only_so_much_may_wait(
    natives: Natives, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_JOBS", 2)
    monkeypatch.setattr(limits, "MOST_BYTES", 10)
    assert not natives.start(1, 1, "gate", "{}", bytes(11))
    assert natives.start(1, 1, "gate", "{}", bytes(10))
    assert not natives.start(1, 1, "gate", "{}", bytes(1))
    assert natives.start(1, 1, "gate", "{}")
    assert not natives.start(1, 1, "gate", "{}")
    assert gate.begun.wait(PATIENCE)
    natives.end(1)
    assert natives.start(1, 1, "gate", "{}")


def test_what_was_not_taken_counts(natives: Natives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_JOBS", 1)
    assert natives.start(1, 1, "digest", SHA, b"")
    assert natives.asked.acquire(timeout=PATIENCE)
    assert not natives.start(1, 1, "digest", SHA, b"")
    natives.take(b"[]", b"")
    assert natives.start(1, 1, "digest", SHA, b"")


def test_data_in_pieces(natives: Natives) -> None:
    number = json.loads(natives.open(1, "digest", SHA))[1]
    assert natives.step(number, False, b"a") == b""
    assert natives.step(number, False, b"b") == b""
    assert natives.step(number, True, b"c") == hashlib.sha256(b"abc").digest()
    assert json.loads(natives.step(number, True, b""))[1] == "InvalidStateError"


def test_a_state_ends_with_its_request(natives: Natives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_STATE_MEMORY", SMALL_STATE)
    first = json.loads(natives.open(1, "digest", SHA))[1]
    assert json.loads(natives.open(2, "digest", SHA))[1] == "QuotaExceededError"
    natives.end(1)
    assert json.loads(natives.step(first, False, b""))[1] == "InvalidStateError"
    assert json.loads(natives.open(2, "digest", SHA))[0] is True
