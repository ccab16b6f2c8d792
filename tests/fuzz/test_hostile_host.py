"""An isolate host in an attacker's hands says what it likes to the gateway. Whatever that is, the
gateway goes on: nothing fails but the isolate's own requests, and nothing of it is left."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from dataclasses import dataclass
from typing import Any, get_args

import msgspec
from fuzzing import given_up_on, run, search, settled
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from edgewright.bindings.bindings import Bindings
from edgewright.cache.memory import MemoryStore
from edgewright.cache.node_cache import NodeCache
from edgewright.config.binding_config import KVNamespace, RateLimit
from edgewright.config.limits import Limits
from edgewright.config.worker_config import Service
from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.casualties import Ending
from edgewright.gateway.isolate import Isolate
from edgewright.gateway.services import Services
from edgewright.gateway.surroundings import Surroundings
from edgewright.messages import BodyError, Request, read_all
from edgewright.observe.records import Recorder
from edgewright.observe.tail_event import tail_event
from edgewright.observe.trace import Tracing
from edgewright.observe.views import detail
from edgewright.protocol.framing import WAKE, FrameDecoder, encode_frame
from edgewright.protocol.messages import Command, ProtocolViolation, decode_result
from edgewright.subrequest.client import SubrequestClient
from edgewright.websocket.socket import Message, WebSocket
from tests.support.services import NoWorkers

_REQUESTS = 3

# Mostly what makes sense, as that gets furthest.
ids = st.one_of(
    st.integers(0, 4),
    st.integers(0, 4),
    st.sampled_from([-1, 2**31, 2**53 - 1, 2**53, 2**64, 10**400, 1.5, "1", None, [], True]),
)
maybe_ids = st.one_of(st.none(), ids)
text = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "\r\nx: y", "\0", "é", "\u2028", "a" * 70_000, "content-length"]),
)
names = st.sampled_from(
    ["a", "content-length", "Content-Length", "transfer-encoding", "TRANSFER-ENCODING", "host",
     "connection", "content-encoding", "set-cookie", "x\r\ny", "x:", "", " a", "\x7f", "é"]
)  # fmt: skip
values = st.one_of(
    text, st.sampled_from(["0", "-1", "5", "5, 5", "9" * 30, "chunked", "gzip", "br", "close"])
)
headers = st.one_of(
    st.lists(st.tuples(names, values), max_size=4).map(
        lambda pairs: [p for pair in pairs for p in pair]
    ),
    st.lists(values, max_size=3),
)
sizes = st.one_of(st.none(), st.integers(0, 300), st.sampled_from([-1, 300_000, 2**32, 2**70]))
urls = st.one_of(
    text,
    st.sampled_from(
        [
            "http://127.0.0.1:1/",
            "http://127.0.0.1:99999/",
            "http://h:" + "9" * 5000,
            "http://[::1",
            "http://127.0.0.1:1/ HTTP/1.1\r\nx: y",
            "ftp://h/",
            "http://u:p@127.0.0.1:1",
            "http://@/",
        ]
    ),
)
methods = st.sampled_from(["GET", "HEAD", "POST", "CONNECT", "get", "", "G T", "A\r\nB", "é"])
redirects = st.sampled_from(["follow", "manual", "error", "elsewhere"])
numbers = st.one_of(st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False))

bindings = st.sampled_from(["NS", "NS", "LIMITER", "nowhere"])
caches = st.one_of(st.none(), text)
operations = st.sampled_from(["get", "getMany", "put", "delete", "list", "limit", "purge"])
arguments = st.sampled_from(
    [
        ["k"], ["k", None], ["k", 1], ["k", 0], ["k", 60.5], [["k", "l"], None], [[], None],
        ["k", None, None, None],
        ["k", 2**53, None, "{}"], ["k", None, 60, "x" * 2000], ["", 10, ""], ["p", 0, "a="],
        ["", -(2**70), ""], ["\ud800", None], None,
    ]
)  # fmt: skip

rules = st.sampled_from(
    [
        None, None, None, {}, {"cacheEverything": True}, {"cacheTtl": 60, "cacheKey": "k"},
        {"cacheTtl": -1}, {"cacheTtl": 10**400}, {"cacheLevel": "bypass", "cacheTags": [1, "t"]},
        {"cacheTtlByStatus": {"200-299": 60, "404": 1.5}}, {"cacheForceRevalidate": True},
    ]
)  # fmt: skip

passed = st.lists(
    st.tuples(st.sampled_from(["export", "stub", "stream", "sink", "bytes", "none", "other"]), ids),
    max_size=3,
)
calls = st.lists(
    st.tuples(ids, st.one_of(st.none(), st.integers(0, 3)), st.lists(text, max_size=3),
              st.sampled_from([None, 0, 0, 3]), passed),
    max_size=3,
)  # fmt: skip

# One that is not here is not tried: see the test of it.
shapes: list[st.SearchStrategy[tuple[Any, ...]]] = [
    st.tuples(
        st.just("fetch"), ids, ids, methods, urls, headers, sizes, maybe_ids, maybe_ids, redirects,
        rules, st.sampled_from([None, None, None, "SERVICE", "GONE", "nowhere"]),
        st.sampled_from([None, None, None, "Other"]), st.none(),
    ),
    st.tuples(
        st.just("respond"), ids, st.one_of(st.just(200), st.integers(-1, 1000)), text, headers,
        sizes, maybe_ids, maybe_ids, st.booleans(), st.none(), st.none(),
    ),
    st.tuples(
        st.just("operate"), ids, ids, bindings, operations,
        st.one_of(arguments, st.lists(st.one_of(text, ids), max_size=4)), sizes, maybe_ids,
        maybe_ids,
    ),
    st.tuples(
        st.just("respond"), ids, st.just(101), text, headers, st.none(), st.none(), st.none(),
        st.just(False), maybe_ids, maybe_ids,
    ),
    st.tuples(st.just("cacheMatch"), ids, ids, caches, urls, headers),
    st.tuples(
        st.just("cachePut"), ids, ids, caches, urls, headers,
        st.one_of(st.just(200), st.integers(-1, 1000)), text, headers, sizes, maybe_ids, maybe_ids,
        st.booleans(),
    ),
    st.tuples(st.just("cacheDelete"), ids, ids, caches, urls),
    st.tuples(st.just("accept"), ids, ids, ids),
    st.tuples(st.just("message"), ids, sizes, st.booleans()),
    st.tuples(st.just("close"), ids, st.sampled_from([0, 1000, 1005, 1006, 4999, 5000]), text),
    st.tuples(st.just("grant"), ids, sizes),
    st.tuples(
        st.just("connect"), ids, ids, st.sampled_from(["127.0.0.1", "", "\0", "a b", "x" * 300]),
        st.sampled_from([0, 1, 25, 65_536, -1]), st.booleans(), ids,
    ),
    st.tuples(st.just("starttls"), ids, ids, ids, text, ids),
    st.tuples(st.just("fail"), ids, text, text, text, text, st.booleans()),
    *(st.tuples(st.just(n), ids) for n in ("done", "pull", "discard", "abort", "clear")),
    st.tuples(st.just("pull"), ids, st.booleans()),
    st.tuples(
        st.just("cause"), ids, ids, text, maybe_ids, st.lists(ids, max_size=3), ids, st.booleans()
    ),
    st.tuples(st.just("passed"), ids, ids, text, st.one_of(sizes, numbers)),
    st.tuples(
        st.just("call"), ids,
        st.sampled_from([None, None, "SERVICE", "SERVICE", "GONE", "nowhere"]),
        st.sampled_from([None, None, "Other", "\0"]), st.sampled_from([None, None, {"a": 1}]),
        maybe_ids, calls,
    ),
    st.tuples(
        st.just("return"), ids, ids, sizes, passed, st.booleans(), text, text, text,
    ),
    st.tuples(st.just("release"), ids),
    st.tuples(st.just("chunk"), ids, sizes),
    st.tuples(st.just("end"), ids, st.one_of(st.none(), text)),
    st.tuples(st.just("timer"), ids, ids, numbers),
    st.tuples(st.just("timer"), ids, ids, numbers, st.booleans()),
    st.tuples(st.just("log"), maybe_ids, st.sampled_from(["log", "error", "loud"]), text),
    st.tuples(st.just("gone"), st.sampled_from(["ok", "exceededCpu", "won"]), text, st.booleans()),
]  # fmt: skip
commands = st.one_of(shapes)


@dataclass(frozen=True)
class Said:
    """A turn's answer, or whatever else is said."""

    commands: list[tuple[Any, ...]]
    spent: list[float]
    cpu: int
    more: int
    """Attached bytes that no command speaks of."""
    junk: bytes | None
    asked: bool
    """Whether it waits until it is asked."""

    def frame(self) -> bytes:
        if self.junk is not None:
            return self.junk
        size = sum(_attached(command) for command in self.commands) + self.more
        blob = bytes(max(0, min(size, 1 << 20)))
        return encode_frame(_encode([self.spent, self.commands]), blob, self.cpu)


def seldom(strategy: st.SearchStrategy[Any], usual: Any) -> st.SearchStrategy[Any]:
    return st.integers(0, 19).flatmap(lambda n: strategy if n == 0 else st.just(usual))


turns = st.builds(
    Said,
    st.lists(commands, max_size=5),
    st.lists(numbers, max_size=4),
    st.sampled_from([0, 1000, 10**12, 2**64 - 1]),
    seldom(st.integers(-1, 1), 0),
    seldom(st.binary(max_size=64), None),
    seldom(st.just(False), True),
)


_SIZES = {
    "chunk": 2, "message": 2, "return": 3, "fetch": 6, "respond": 5, "operate": 6, "cachePut": 9,
}  # fmt: skip
"""Where a command says how many attached bytes are its own."""


def _attached(command: tuple[Any, ...]) -> int:
    if command[0] == "call":
        return sum(_size(call[3]) for call in command[6])
    place = _SIZES.get(command[0])
    return 0 if place is None else _size(command[place])


def _size(given: Any) -> int:
    return given if isinstance(given, int) and given > 0 else 0


def _encode(value: Any) -> bytes:
    # The standard library's writes numbers of any size.
    return json.dumps(value).encode()


def test_every_command_is_tried_and_can_be_understood() -> None:
    quick = settings(max_examples=5000, phases=[Phase.generate], database=None)
    tried = {find(shape, _understood, settings=quick)[0] for shape in shapes}
    assert tried == {command.__struct_config__.tag for command in get_args(Command)}


def _understood(command: tuple[Any, ...]) -> bool:
    try:
        decode_result(_encode([[], [command]]))
    except ProtocolViolation:
        return False
    return True


@search
@given(st.lists(turns, max_size=6), st.booleans())
def test_whatever_a_host_says_only_its_own_requests_fail(said: list[Said], watched: bool) -> None:
    run(lambda: _play(said, watched))


class Itself(NoWorkers):
    """A node where the Worker has only itself to call, in the same isolate."""

    isolate: Isolate

    def begin_at_once(self, name: str, request: Request, depth: int) -> ActiveRequest | None:
        if name != "w":
            return super().begin_at_once(name, request, depth)
        return self.isolate.start(request, depth)


async def _play(said: list[Said], watched: bool) -> None:
    client = SubrequestClient()
    node = Itself()
    recorder = Recorder()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    ended: list[bool] = []

    def on_end(ending: Ending) -> None:
        ended.append(True)

    around = Surroundings(
        "w",
        Limits(),
        client,
        recorder,
        Services("w", {"SERVICE": Service("w", "Other"), "GONE": Service("gone")}, node),
        NodeCache(MemoryStore(1 << 20), client.network).of("w"),
        Bindings(None).of({"NS": KVNamespace("one"), "LIMITER": RateLimit("1", 5, 10)}),
        tracing=Tracing(on=watched, watch=watched),
    )
    isolate = node.isolate = Isolate(around, ours, on_idle=lambda: None, on_end=on_end)
    upgrade = ["upgrade", "websocket"]
    active = [
        isolate.start(Request("POST", "http://h/", list(upgrade), _Upload()))
        for _ in range(_REQUESTS)
    ]
    readers = [asyncio.create_task(_read(each)) for each in active]
    await _answer(theirs, said)
    isolate.close()
    theirs.close()
    await asyncio.gather(*readers)
    await client.close()
    assert len(ended) == 1
    assert not isolate.busy
    for each in active:
        # One that may begin again somewhere else is not the isolate's any more.
        assert each.isolate is None or each.head.done
        assert not each.ops
        assert not each.uploads
    for record in recorder.requests:
        msgspec.json.encode(detail(record, "id", 0))
        assert (record.trace is not None) == watched
        if record.trace is not None:
            msgspec.json.encode(tail_event(record.trace))


async def _answer(theirs: socket.socket, said: list[Said]) -> None:
    loop = asyncio.get_running_loop()
    decoder = FrameDecoder()
    due = 0
    for each in said:
        try:
            if each.asked and not due:
                await loop.sock_sendall(theirs, WAKE)
                while not due:
                    data = await asyncio.wait_for(loop.sock_recv(theirs, 1 << 20), 0.2)
                    if not data:
                        return
                    due += len(decoder.feed(data))
            await loop.sock_sendall(theirs, each.frame())
            due = max(0, due - 1)
        except TimeoutError:  # it was not understood
            continue
        except OSError:  # the gateway has hung up
            return
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def _read(active: ActiveRequest) -> None:
    done = asyncio.ensure_future(active.head.wait())
    await settled(lambda: done.done() or active.isolate is None)
    if not done.done():
        done.cancel()
        return
    response = await given_up_on(done, WorkerFailure)
    if response is None:
        return
    assert 200 <= response.status <= 599 or (response.status == 101 and response.websocket)
    names, values = response.headers[::2], response.headers[1::2]
    assert len(names) == len(values)
    for name, value in zip(names, values, strict=True):
        assert re.fullmatch(r"[!#-'*+.^-z|~0-9-]+", name)
        assert name not in ("content-length", "transfer-encoding", "connection")
        assert not re.search(r"[\r\n\0]", value)
        value.encode("latin-1")
    await given_up_on(read_all(response.body), BodyError)
    if response.websocket is not None:
        await _talk(response.websocket)


async def _talk(socket: WebSocket) -> None:
    """As a client does, which closes at the end."""
    closing = asyncio.create_task(socket.close(1000, ""))
    while isinstance(message := await socket.receive(), Message):
        assert len(message.data) <= Limits().websocket_message_mb << 20
        if message.text:
            message.data.decode()
    socket.lose()
    await closing


class _Upload:
    """A client's body that never ends."""

    length = None

    def __init__(self) -> None:
        self._gone = asyncio.Event()
        self._pieces = 3

    async def read(self) -> bytes:
        self._pieces -= 1
        if self._pieces < 0:
            await self._gone.wait()
            raise BodyError("gone")
        return b"piece"

    def discard(self) -> None:
        self._gone.set()


@search
@given(st.binary(max_size=300) | st.lists(commands, max_size=3).map(lambda c: _encode([[], c])))
def test_what_is_no_result_of_a_turn_is_a_violation(data: bytes) -> None:
    try:
        result = decode_result(data)
    except ProtocolViolation:
        return
    # What is left can be said again, to the isolate that it came from.
    msgspec.json.encode(result)
