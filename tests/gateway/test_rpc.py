"""RPC with isolates whose other ends are in the test's hands: who may call what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from edgewright.config.limits import Limits
from edgewright.config.worker_config import Service
from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.services import Services
from edgewright.messages import Request
from edgewright.observe.records import Outcome
from edgewright.outside.service import OutsideService
from edgewright.subrequest.client import SubrequestClient
from tests.gateway.test_isolate import Played


class Both:
    """A node of two Workers, "a" and "b", which can call each other."""

    outside: Mapping[str, OutsideService] = MappingProxyType({})

    def __init__(self, client: SubrequestClient) -> None:
        bindings = {"A": Service("a"), "B": Service("b", "Admin", {"role": "root"})}
        self.a = Played(client, services=Services("a", bindings, self))
        self.b = Played(client, services=Services("b", bindings, self))

    def limits(self, name: str) -> Limits:
        return Limits()

    def begin_at_once(self, name: str, request: Request, depth: int) -> ActiveRequest | None:
        return (self.a if name == "a" else self.b).isolate.start(request, depth)

    async def begin(self, name: str, request: Request, depth: int) -> ActiveRequest:
        raise AssertionError("both are loaded")


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    client = SubrequestClient()
    both = Both(client)
    yield both
    for played in (both.a, both.b):
        played.isolate.close()
        played.socket.close()
    await client.close()


def call(
    request: int, op: int, *, service: str | None = None, stub: int | None = None, **fields: Any
) -> list[Any]:
    values: dict[str, Any] = {"after": None, "path": ["m"], "size": 0, "passed": [], **fields}
    return ["call", request, service, None, None, stub, [[op, *values.values()]]]


def answer(request: int, id: int, *, size: int = 0, passed: Any = ()) -> list[Any]:
    return ["return", request, id, size, list(passed), False, "", "", ""]


async def begin(both: Both, **fields: Any) -> None:
    """Request 1 of a calls b, whose request 1 begins."""
    await both.a.start()
    await both.a.say(call(1, 7, service="B", **fields))
    (event,) = await both.b.events()
    assert event[:5] == ["call", 1, None, "Admin", {"role": "root"}]


async def give_stub(both: Both) -> None:
    """a has stub 1, of b's export 5."""
    await begin(both)
    await both.b.say(answer(1, 1, passed=[["export", 5]]))
    assert await both.a.events() == [["return", 7, 0, [["stub", 1]], False]]


async def test_a_call_and_its_answer(both: Both) -> None:
    await both.a.start()
    await both.a.say(call(1, 7, service="B", path=["x", "y"], size=3), blob=b"abc")
    events, blob = await both.b.events_and_bytes()
    assert events[0][5] == [[1, None, ["x", "y"], 3, []]]
    assert blob == b"abc"
    await both.b.say(answer(1, 1, size=2), blob=b"ok")
    assert await both.a.events_and_bytes() == ([["return", 7, 2, [], False]], b"ok")


async def test_a_stub_is_called_and_released(both: Both) -> None:
    await give_stub(both)
    await both.a.say(call(1, 8, stub=1))
    assert await both.b.events() == [["call", 1, 5, None, None, [[2, None, ["m"], 0, []]], None]]
    await both.b.say(answer(1, 2))
    await both.a.events()
    await both.a.say(["release", 1])
    assert await both.b.events() == [["release", 1, 5]]


async def test_a_stub_goes_home_and_to_others(both: Both) -> None:
    await give_stub(both)
    await both.a.say(call(1, 8, stub=1, passed=[["stub", 1], ["export", 9]]))
    (event,) = await both.b.events()
    assert event[5][0][4] == [["stub", 1], ["stub", 2]]
    await both.b.say(call(1, 3, stub=2))
    assert (await both.a.events())[0][:3] == ["call", 1, 9]


async def test_the_end_of_a_caller_ends_what_it_began(both: Both) -> None:
    await give_stub(both)
    await both.a.say(["done", 1])
    assert await both.b.events() == [["release", 1, 5], ["abort", 1]]
    await both.b.say(["done", 1])
    await asyncio.sleep(0.05)
    outcomes = [record.outcome for record in both.b.observer.requests]
    assert outcomes == [Outcome.OK]


async def test_the_end_of_a_session_fails_the_calls_of_it(both: Both) -> None:
    await give_stub(both)
    await both.a.say(call(1, 8, stub=1))
    await both.b.events()
    await both.b.say(["done", 1])
    ((tag, op, _, message),) = await both.a.events()
    assert (tag, op) == ("failure", 8)
    assert "was canceled while the call was still running" in message
    await both.a.say(call(1, 9, stub=1))
    assert (await both.a.events())[0][:2] == ["failure", 9]


LIES: dict[str, list[Any]] = {
    "a stub that never was": call(1, 8, stub=2),
    "a stub to pass on that never was": call(1, 8, service="B", passed=[["stub", 2]]),
    "a service that is not bound": call(1, 8, service="SECRET"),
    "nobody": call(1, 8),
    "an answer to no call": answer(1, 5),
    "the release of what never was": ["release", 2],
    "an export twice": call(1, 8, service="B", passed=[["export", 1], ["export", 1]]),
    "a call on itself": call(1, 8, service="B", after=0),
    "a call on a later one": call(1, 8, service="B", after=3),
    "an op twice": ["call", 1, "B", None, None, None, [[8, None, [], 0, []], [8, None, [], 0, []]]],
    "bytes that are not there": call(1, 8, service="B", size=9),
    "a kind that is none": call(1, 8, service="B", passed=[["file", 1]]),
    "more than a value may carry": call(1, 8, service="B", passed=[["none", 0]] * 10_001),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_lies_end_the_isolate_and_reach_nobody(both: Both, lie: list[Any]) -> None:
    await give_stub(both)
    await both.a.say(lie)
    assert await both.a.closed()
    assert both.a.ended == [True]
    # All that b hears is that the caller has gone.
    assert {event[0] for event in await both.b.events()} <= {"release", "abort"}


async def test_a_stub_is_of_the_request_that_got_it(both: Both) -> None:
    await give_stub(both)
    await both.a.say()
    await both.a.start()
    await both.a.say(call(2, 9, stub=1))
    assert await both.a.closed()


async def test_an_answer_is_for_the_request_that_was_called(both: Both) -> None:
    await begin(both)
    await both.b.say()
    await both.a.say(call(1, 8, service="B"))
    await both.b.events()
    await both.b.say(answer(2, 1))
    assert await both.b.closed()
    assert {tuple(event[:2]) for event in await both.a.events()} == {("failure", 7), ("failure", 8)}


async def test_the_numbers_of_one_isolate_mean_nothing_in_another(both: Both) -> None:
    """b's export 5 can't be called by that number, nor a's stub 1 by b."""
    await give_stub(both)
    await both.b.say(call(1, 8, stub=1))
    assert await both.b.closed()


async def test_an_answer_that_nobody_waits_for_lets_go_of_what_it_carries(both: Both) -> None:
    await begin(both)
    await both.a.say(["abort", 7])
    await asyncio.sleep(0.05)
    await both.b.say(answer(1, 1, passed=[["export", 5], ["sink", 3]]))
    assert ["release", 1, 5] in await both.b.events()
