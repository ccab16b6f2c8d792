"""The gateway's side of an isolate, against one that is played by the test: honest or not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from edgewright.bindings.bindings import Bindings
from edgewright.cache.memory import MemoryStore
from edgewright.cache.node_cache import NodeCache
from edgewright.config.binding_config import KVNamespace
from edgewright.config.limits import Limits
from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.connections import STALLED
from edgewright.gateway.isolate import Isolate
from edgewright.gateway.services import Services
from edgewright.gateway.surroundings import Surroundings
from edgewright.messages import BodyError, Request, read_all
from edgewright.observe.records import Outcome, Recorder
from edgewright.protocol.framing import WAKE, FrameDecoder, encode_frame
from edgewright.protocol.messages import SINK_WINDOW
from edgewright.subrequest.client import SubrequestClient
from tests.support.services import NoWorkers


class Played:
    """An isolate whose other end is in the test's hands."""

    def __init__(self, client: SubrequestClient, services: Services | None = None) -> None:
        ours, self.socket = socket.socketpair()
        ours.setblocking(False)
        self.socket.setblocking(False)
        self.idle = 0
        self.ended: list[bool] = []
        self.observer = Recorder()
        around = Surroundings(
            "w",
            Limits(),
            client,
            self.observer,
            services or Services("w", {}, NoWorkers()),
            NodeCache(MemoryStore(1 << 20), client.network).of("w"),
            Bindings(None).of({"NS": KVNamespace("one")}),
        )
        self.isolate = Isolate(
            around,
            ours,
            on_idle=self._on_idle,
            on_end=lambda ending: self.ended.append(ending.process),
        )
        self._decoder = FrameDecoder()
        self._frames: list[tuple[bytes, bytes, int]] = []
        self._due = 0
        """Batches that were not answered yet."""

    def _on_idle(self) -> None:
        self.idle += 1

    async def events(self) -> list[list[Any]]:
        """The next batch."""
        return (await self.events_and_bytes())[0]

    async def events_and_bytes(self) -> tuple[list[list[Any]], bytes]:
        while not self._frames:
            await self._receive()
        json, blob, _ = self._frames.pop(0)
        return msgspec.json.decode(json), blob

    async def _receive(self) -> None:
        loop = asyncio.get_running_loop()
        data = await asyncio.wait_for(loop.sock_recv(self.socket, 1 << 20), 60)
        assert data, "the gateway has closed the connection"
        frames = self._decoder.feed(data)
        self._due += len(frames)
        self._frames += [frame for frame in frames if frame[0] != b"[]"]

    async def say(
        self, *commands: list[Any], blob: bytes = b"", spent: tuple[float, ...] = ()
    ) -> None:
        """The commands of a turn, which is asked for where there is none."""
        if not self._due:
            await self.raw(WAKE)
            await self._receive()
        self._due -= 1
        await self.raw(encode_frame(msgspec.json.encode([spent, commands]), blob, 1_000_000))

    async def raw(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def closed(self) -> bool:
        """Whether the gateway closes the connection."""
        loop = asyncio.get_running_loop()
        try:
            while await asyncio.wait_for(loop.sock_recv(self.socket, 1 << 16), 60):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    async def start(self, body: Any = None, method: str = "GET") -> ActiveRequest:
        active = self.isolate.start(Request(method, "http://h/", [], body))
        events = await self.events()
        assert events[0][:2] == ["request", active.id]
        return active


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    client = SubrequestClient()
    played = Played(client)
    yield played
    played.isolate.close()
    played.socket.close()
    await client.close()
    await asyncio.sleep(0)
    assert len(played.ended) == 1
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left


def respond(request: int, **fields: Any) -> list[Any]:
    values: dict[str, Any] = {
        "status": 200,
        "status_text": "",
        "headers": [],
        "inline": None,
        "stream": None,
        "sink": None,
        "encoded": False,
        "websocket": None,
        "port": None,
        **fields,
    }
    return ["respond", request, *values.values()]


def fetch(request: int, op: int, url: str = "http://127.0.0.1:1/", **fields: Any) -> list[Any]:
    values: dict[str, Any] = {
        "headers": [],
        "inline": None,
        "stream": None,
        "sink": None,
        "redirect": "follow",
        "cf": None,
        "service": None,
        "entrypoint": None,
        "props": None,
        **fields,
    }
    return ["fetch", request, op, fields.pop("method", "GET"), url, *values.values()]


def operate(request: int, op: int, method: str, *arguments: Any, **fields: Any) -> list[Any]:
    values = {"inline": None, "stream": None, "sink": None, **fields}
    binding = values.pop("binding", "NS")
    return ["operate", request, op, binding, method, arguments, *values.values()]


class Pieces:
    def __init__(self, *chunks: bytes) -> None:
        self.length = None
        self._chunks = list(chunks)
        self.discarded = False

    async def read(self) -> bytes:
        return self._chunks.pop(0) if self._chunks else b""

    def discard(self) -> None:
        self.discarded = True


# --- An honest one --------------------------------------------------------------------------------


async def test_a_request_from_its_start_to_its_end(played: Played) -> None:
    active = await played.start(b"body", method="POST")
    assert played.isolate.busy
    await played.say(
        respond(1, status=201, headers=["x", "y"], inline=2), blob=b"hi", spent=(1, 3.0)
    )
    response = await active.head.wait()
    assert (response.status, response.headers, response.body) == (201, ["x", "y"], b"hi")
    assert played.isolate.busy
    await played.say(["done", 1])
    await asyncio.sleep(0.02)
    assert not played.isolate.busy
    assert played.idle == 1
    (record,) = played.observer.requests
    assert (record.status, record.outcome, record.cpu_ms) == (201, Outcome.OK, 1.0)


async def test_what_is_posted_during_a_turn_is_the_next_batch(played: Played) -> None:
    await played.start()
    for _ in range(3):
        played.isolate.start(Request("GET", "http://h/", []))
    await played.say()
    assert [event[:2] for event in await played.events()] == [
        ["request", 2],
        ["request", 3],
        ["request", 4],
    ]


async def test_a_large_batch_goes_out_whole_to_a_slow_reader(played: Played) -> None:
    body = bytes(4 << 20)
    active = played.isolate.start(Request("POST", "http://h/", [], body))
    await asyncio.sleep(0.05)
    events, blob = await played.events_and_bytes()
    assert events[0][1] == active.id
    assert blob == body


async def test_the_attachments_are_in_the_order_of_the_commands(played: Played) -> None:
    first = await played.start()
    second = played.isolate.start(Request("GET", "http://h/", []))
    await played.say(respond(1, inline=3), respond(2, inline=2), blob=b"onetw")
    assert (await first.head.wait()).body == b"one"
    assert (await second.head.wait()).body == b"tw"


async def test_a_sink_is_read_under_flow_control(played: Played) -> None:
    active = await played.start()
    await played.say(respond(1, sink=9), ["chunk", 9, 3], ["chunk", 9, 2], blob=b"abcde")
    body = (await active.head.wait()).body
    assert body is not None
    assert not isinstance(body, bytes)
    assert await body.read() == b"abcde"
    assert await played.events() == [["credit", 9, 5]]
    await played.say(["end", 9, None], ["done", 1])
    assert await body.read() == b""


async def test_a_sink_that_breaks_off(played: Played) -> None:
    active = await played.start()
    await played.say(respond(1, sink=9), ["chunk", 9, 1], ["end", 9, "oh no"], blob=b"a")
    with pytest.raises(BodyError, match="oh no"):
        await read_all((await active.head.wait()).body)


async def test_the_isolate_is_told_when_nobody_reads_a_sink(played: Played) -> None:
    active = await played.start()
    await played.say(respond(1, sink=9))
    body = (await active.head.wait()).body
    assert body is not None
    assert not isinstance(body, bytes)
    body.discard()
    assert (await played.events())[0][:2] == ["cancel", 9]


async def test_a_response_that_comes_after_its_client_left(played: Played) -> None:
    """The sink behind it would stall otherwise, and the request never end."""
    active = await played.start()
    client = asyncio.create_task(active.head.wait())
    await played.say()
    await asyncio.sleep(0.02)
    client.cancel()
    played.isolate.client_gone(active)
    assert await played.events() == [["abort", 1]]
    await played.say(respond(1, sink=9), ["chunk", 9, 1], blob=b"a")
    assert (await played.events())[0][:2] == ["cancel", 9]
    await played.say(["done", 1])
    await asyncio.sleep(0.02)
    assert played.observer.requests[0].outcome is Outcome.CANCELED


async def test_an_impossible_response_is_the_workers_error(played: Played) -> None:
    for fields in (
        {"status": 99},
        {"headers": ["x", "a\r\nset-cookie: b"]},
        {"headers": ["x", "a\x01b"]},
        {"headers": ["x", "snow \u2603"]},
        {"headers": ["x y", "a"]},
        {"headers": ["alone"]},
        {"stream": 77},
    ):
        active = played.isolate.start(Request("GET", "http://h/", []))
        await played.events()
        sink = None if "stream" in fields else active.id + 100
        await played.say(respond(active.id, sink=sink, **fields), ["done", active.id])
        with pytest.raises(WorkerFailure) as caught:
            await active.head.wait()
        assert caught.value.outcome is Outcome.EXCEPTION
        if sink is not None:
            assert (await played.events())[0][:2] == ["cancel", sink]
            await played.say()


async def test_the_isolate_has_its_next_turn_while_its_commands_are_performed(
    played: Played,
) -> None:
    active = await played.start()
    played.isolate.start(Request("GET", "http://h/", []))
    next_turn = asyncio.get_running_loop().create_future()
    active.head.listen(lambda _: next_turn.set_result(played.socket.recv(1 << 16)))
    await played.say(respond(1), ["done", 1])
    frames = FrameDecoder().feed(await next_turn)
    assert msgspec.json.decode(frames[0][0])[0][:2] == ["request", 2]


async def test_nothing_is_handed_to_an_isolate_that_has_said_its_last_word(played: Played) -> None:
    await played.start()
    waiting = played.isolate.start(Request("GET", "http://h/", []))
    await played.say(["gone", "exceededMemory", "", False])
    assert await played.closed()
    assert waiting.isolate is None  # to begin somewhere else


async def test_what_was_said_before_the_end_is_performed(played: Played) -> None:
    """Although there is something to hand over, and nobody there to take it."""
    active = await played.start()
    played.isolate.start(Request("GET", "http://h/", []))
    await played.say(respond(1), ["done", 1])
    played.socket.close()
    assert (await active.head.wait()).status == 200


async def test_responses_are_not_stalled_before_the_isolate_has_seen_them(played: Played) -> None:
    """All six connections are taken and a seventh is waited for: the next turn has the heads."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        if path != b"/1":
            await others.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        await reader.read()  # the body never comes
        writer.close()

    others = asyncio.Event()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = "http://127.0.0.1:{}/{}".format(server.sockets[0].getsockname()[1], "{}")
    await played.start()
    await played.say(*[fetch(1, op, url.format(op)) for op in range(1, 8)])
    assert [event[:2] for event in await played.events()] == [["response", 1]]
    others.set()
    channel = played.isolate._channel  # pyright: ignore[reportPrivateUsage]
    for _ in range(1000):
        if len(channel.unsent) == 5:
            break
        await asyncio.sleep(0.01)
    await played.say()
    assert [event[1] for event in sorted(await played.events())] == [2, 3, 4, 5, 6]
    assert played.observer.lines == []
    await played.say()  # It has seen them all, and reads none.
    await asyncio.sleep(0.05)
    assert [line.message for line in played.observer.lines] == [STALLED]
    played.isolate.close()
    server.close()
    await asyncio.sleep(0.05)


async def test_no_response_at_all(played: Played) -> None:
    active = await played.start()
    await played.say(["done", 1])
    with pytest.raises(WorkerFailure, match="will never generate a response"):
        await active.head.wait()


async def test_commands_for_a_request_that_has_ended_are_late_and_no_lie(played: Played) -> None:
    active = await played.start()
    await played.say(respond(1, inline=0), ["done", 1])
    await active.head.wait()
    await played.say(
        respond(1, sink=4),
        fetch(1, 1, sink=5),
        ["timer", 1, 2, 5],
        ["fail", 1, "exception", "Error", "late", "", False],
        ["done", 1],
        ["abort", 99],
        ["clear", 99],
        ["chunk", 99, 0],
        ["end", 99, None],
        ["discard", 99],
    )
    assert [event[:2] for event in await played.events()] == [["cancel", 4], ["cancel", 5]]
    assert not played.ended


async def test_a_timer_fires_once_or_is_cleared(played: Played) -> None:
    await played.start()
    await played.say(["timer", 1, 1, 5], ["timer", 1, 2, 5], ["clear", 2], ["timer", 1, 3, 1e300])
    assert await played.events() == [["timer", 1]]
    await played.say(["done", 1])


async def test_a_failed_subrequest(played: Played) -> None:
    await played.start()
    await played.say(fetch(1, 7))
    ((tag, op, name, message),) = await played.events()
    assert (tag, op, name) == ("failure", 7, "TypeError")
    assert "Network connection lost" in message


async def test_a_subrequest_with_a_body_that_is_gone_fails_alone(played: Played) -> None:
    await played.start()
    await played.say(fetch(1, 7, stream=55))
    assert (await played.events())[0][:3] == ["failure", 7, "TypeError"]


async def test_a_subrequest_given_up_at_once_lets_go_of_its_body(played: Played) -> None:
    await played.start()
    await played.say(fetch(1, 7, sink=3), ["abort", 7])
    assert (await played.events())[0][:2] == ["cancel", 3]


async def test_streams_of_a_request_end_with_it(played: Played) -> None:
    body = Pieces(b"one")
    await played.start(body, method="POST")
    await played.say(["pull", 1])
    events, blob = await played.events_and_bytes()
    assert (events, blob) == ([["chunk", 1, 3]], b"one")
    await played.say(respond(1, inline=0), ["done", 1])
    await asyncio.sleep(0.02)
    assert body.discarded
    await played.say(["pull", 1])
    assert (await played.events())[0][:2] == ["end", 1]


async def test_a_body_that_is_read_as_a_whole_comes_in_few_chunks(played: Played) -> None:
    large = b"x" * SINK_WINDOW
    await played.start(Pieces(b"one", b"two", large, b"three"), method="POST")
    await played.say(["pull", 1, True])
    events, blob = await played.events_and_bytes()
    assert (events, blob) == ([["chunk", 1, len(blob)]], b"onetwo" + large)
    await played.say(["pull", 1, True])
    assert await played.events_and_bytes() == ([["chunk", 1, 5]], b"three")
    await played.say(["pull", 1, True])
    assert await played.events() == [["end", 1, None]]
    await played.say(["done", 1])


async def test_a_body_that_fails_in_an_unforeseen_way_is_not_waited_for(played: Played) -> None:
    class Faulty(Pieces):
        async def read(self) -> bytes:
            raise ZeroDivisionError

    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    await played.start(Faulty(), method="POST")
    await played.say(["pull", 1])
    assert await played.events() == [["end", 1, "internal error"]]
    await played.say(["done", 1])


@pytest.mark.parametrize("read", [False, True])
async def test_pass_through_has_the_body_only_if_it_is_whole(played: Played, read: bool) -> None:
    body = Pieces(b"one", b"two")
    active = await played.start(body, method="POST")
    if read:
        await played.say(["pull", 1])
        await played.events()
    await played.say(["fail", 1, "exception", "Error", "x", "", True], ["done", 1])
    with pytest.raises(WorkerFailure) as caught:
        await active.head.wait()
    assert caught.value.pass_through
    assert active.body_is_whole is not read
    assert body.discarded is read


# --- One that lies --------------------------------------------------------------------------------

LIES: dict[str, list[list[Any]]] = {
    "a request that never was": [respond(2)],
    "request 0": [["done", 0]],
    "a negative request": [["done", -1]],
    "bytes that are not there": [respond(1, inline=5)],
    "a negative size": [["chunk", 1, -5]],
    "more than a number can say": [["timer", 1, 2**53, 1]],
    "more digits than a number has": [["timer", 1, 10**400, 1]],
    "a level that is none": [["log", 1, "loud", ""]],
    "a header without a value": [fetch(1, 1, headers=["accept"])],
    "an op twice": [["timer", 1, 1, 1000], ["timer", 1, 1, 1000]],
    "a sink twice": [fetch(1, 1, sink=3), fetch(1, 2, sink=3)],
    "an outcome that is none": [["gone", "victorious", "", False]],
    "an unknown command": [["sudo", 1]],
    "the wrong type": [["done", "1"]],
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_lies_end_the_isolate_and_are_told(played: Played, lie: list[list[Any]]) -> None:
    active = await played.start()
    await played.say(*lie)
    with pytest.raises(WorkerFailure) as caught:
        await asyncio.wait_for(active.head.wait(), 60)
    assert caught.value.outcome is Outcome.INTERNAL_ERROR
    assert await played.closed()
    assert played.ended == [True]
    assert not played.isolate.busy


async def test_a_service_that_is_not_bound_is_a_lie(played: Played) -> None:
    await played.start()
    await played.say(fetch(1, 1, service="somebody-elses"))
    assert await played.closed()
    assert played.ended == [True]


@pytest.mark.parametrize(
    "lie",
    [
        operate(1, 1, "get", "k", None, binding="SOMEBODY_ELSES"),
        operate(1, 1, "purge"),
        operate(1, 1, "get", "k"),
        operate(1, 1, "get", 7, None),
        operate(1, 1, "getMany", ["k", None], None),
        operate(1, 1, "put", "k", None, None, {}),
        operate(1, 1, "list", "", 10, None),
        operate(2, 1, "get", "k", None),
    ],
)
async def test_an_operation_that_no_worker_can_ask_for_is_a_lie(
    played: Played, lie: list[Any]
) -> None:
    await played.start()
    await played.say(lie)
    assert await played.closed()
    assert played.ended == [True]


async def test_the_rules_of_keys_hold_for_whoever_asks(played: Played) -> None:
    await played.start()
    await played.say(operate(1, 1, "get", "x" * 513, None), operate(1, 2, "put", "", *3 * [None]))
    failed = {event[1]: event[:3] for event in await played.events()}
    assert failed == {1: ["failure", 1, "Error"], 2: ["failure", 2, "TypeError"]}


async def test_operations_wait_for_a_connection(played: Played) -> None:
    """Six puts whose values do not come, and a seventh operation."""
    await played.start()
    puts = [operate(1, n, "put", "k", *3 * [None], sink=n) for n in range(1, 7)]
    await played.say(*puts, operate(1, 7, "get", "k", None))
    await played.say(["chunk", 1, 3], ["end", 1, None], blob=b"one")
    results: list[list[Any]] = []
    while len(results) < 2:
        results += [event for event in await played.events() if event[0] == "result"]
        await played.say()
    assert [result[1] for result in results] == [1, 7]


@pytest.mark.parametrize(
    "junk",
    [
        b"\xff" * 64,
        encode_frame(b"no JSON"),
        encode_frame(b'[[],[["log",null,"log","\xff"]]]'),
        encode_frame(b'[[],[["log",null,"log","\\ud800"]]]'),
        encode_frame(
            b'[[],[["fetch",1,1,"GET","u",[],null,null,null,"follow",'
            + b'{"a":' * 9999
            + b"1"
            + b"}" * 9999
            + b"]]]"
        ),
        encode_frame(b"[[],[]]", b"bytes of nobody"),
    ],
)
async def test_junk_ends_the_isolate(played: Played, junk: bytes) -> None:
    active = await played.start()
    await played.raw(junk)
    with pytest.raises(WorkerFailure):
        await asyncio.wait_for(active.head.wait(), 60)
    assert played.ended == [True]


async def test_a_sink_may_not_send_without_credit(played: Played) -> None:
    active = await played.start()
    size = SINK_WINDOW // 2
    await played.say(
        respond(1, sink=9),
        ["chunk", 9, size],
        ["chunk", 9, size + 1000],  # a chunk may go beyond, the next may not begin there
        blob=bytes(2 * size + 1000),
    )
    await active.head.wait()
    assert not played.ended
    await played.say(["chunk", 9, 1], blob=b"x")
    await asyncio.sleep(0.05)
    assert played.ended == [True]


async def test_a_host_that_dies(played: Played) -> None:
    active = await played.start()
    await played.say(respond(1, sink=9), ["chunk", 9, 1], blob=b"a")
    body = (await active.head.wait()).body
    played.socket.close()
    with pytest.raises(BodyError):
        await read_all(body)
    assert played.ended == [True]
    assert played.observer.requests[0].outcome is Outcome.EXCEEDED_MEMORY


async def test_the_last_word_says_why(played: Played) -> None:
    active = await played.start()
    await played.say(["gone", "exceededMemory", "Worker exceeded memory limit.", False])
    played.socket.close()
    with pytest.raises(WorkerFailure, match="memory") as caught:
        await active.head.wait()
    assert caught.value.outcome is Outcome.EXCEEDED_MEMORY


async def test_an_answer_that_nobody_asked_for_is_a_lie(played: Played) -> None:
    await played.raw(encode_frame(b"[[],[]]"))
    assert await played.closed()
    assert played.ended == [True]


async def test_an_answer_before_the_question_was_read_is_a_lie(played: Played) -> None:
    active = played.isolate.start(Request("POST", "http://h/", [], bytes(4 << 20)))
    await asyncio.sleep(0)
    await played.raw(encode_frame(b"[[],[]]"))
    with pytest.raises(WorkerFailure):
        await asyncio.wait_for(active.head.wait(), 60)
    assert played.ended == [True]


async def test_asking_for_turns_over_and_over_is_a_lie(played: Played) -> None:
    await played.raw(WAKE * 11_000)
    assert await played.closed()
    assert played.ended == [True]


async def test_the_last_word_need_not_be_asked_for(played: Played) -> None:
    await played.raw(encode_frame(b'[[],[["gone","exceededCpu","too long",false]]]'))
    assert await played.closed()
    assert played.ended == [False]


async def test_what_an_isolate_has_produced_counts_as_its_memory(played: Played) -> None:
    first = await played.start()
    await played.say(respond(1, inline=200 << 20), blob=bytes(200 << 20))
    second = await played.start()
    body = (await first.head.wait()).body
    assert not isinstance(body, bytes | None)
    await played.say(respond(2, inline=100 << 20), blob=bytes(100 << 20))
    assert await played.closed()
    assert second.outcome is Outcome.EXCEEDED_MEMORY
    assert played.ended == [False]


async def test_what_was_read_counts_no_more(played: Played) -> None:
    for request in (1, 2, 3):
        active = await played.start()
        size = 100 << 20
        await played.say(respond(request, inline=size), ["done", request], blob=bytes(size))
        assert len(await read_all((await active.head.wait()).body)) == size
    assert not played.ended


async def test_a_request_has_so_many_timers_and_no_more(played: Played) -> None:
    active = await played.start()
    await played.say(*(["timer", 1, op, 1e9] for op in range(1, 10_002)))
    assert await played.events() == [["stop", 1, "Worker exceeded memory limit."]]
    assert active.outcome is Outcome.EXCEEDED_MEMORY
    assert len(active.ops) == 10_000
    await played.say(["timer", 1, 20_000, 1e9], ["done", 1])
    await asyncio.sleep(0.05)
    assert not active.ops
    assert not played.ended


async def test_closing_fails_what_is_under_way(played: Played) -> None:
    active = await played.start()
    await played.say(fetch(1, 1), ["timer", 1, 2, 60_000])
    await asyncio.sleep(0)
    played.isolate.close()
    played.isolate.close()
    with pytest.raises(WorkerFailure, match="stopped"):
        await active.head.wait()
    assert played.ended == [False]
    assert await played.closed()
