"""The tail and ask sockets, and the lines between supervisor and gateway: whoever connects says
what they like, are answered or hung up on, and the next one is answered as if nothing had been."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fuzzing import given_up_on, run, search, settled
from hypothesis import example, given
from hypothesis import strategies as st

from edgewright.config.limits import Limits
from edgewright.gateway.ask import AskClient, AskRequests, AskServer
from edgewright.gateway.control import decode_answer
from edgewright.gateway.tail import TailServer
from edgewright.messages import Request
from edgewright.observe.figures import FigureKeeper, NodeState
from edgewright.observe.recent import Recent
from edgewright.observe.records import Outcome, RequestRecord
from edgewright.observe.trace import Tracing

STATE = NodeState(
    workers=[], hosts=0, memory=0, memory_limit=0, isolate_starts={}, evictions=0, host_starts=0,
    host_deaths=0,
)  # fmt: skip

words = st.text(max_size=6) | st.sampled_from(["ok", "error", "w", "\0", "é", "0" * 16])
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | words | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)
numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 2**63, 2**64, 10**400])
filters = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("worker", "outcome", "search"), words | anything)
)
tail_filters = st.fixed_dictionaries(
    {},
    optional={
        "worker": words, "status": st.lists(words), "method": st.lists(words), "ip": anything,
        "header": words, "search": words, "sampling_rate": numbers, "more": anything,
    },
)  # fmt: skip
asks = st.fixed_dictionaries(
    {"type": st.sampled_from(["figures", "requests", "request", "watch", "other"])},
    optional={
        "wanted": filters | anything, "before": numbers, "limit": numbers, "id": words,
        "more": anything,
    },
)  # fmt: skip
deep = [
    b'{"type":"figures","x":' + b"[" * 60_000,
    b"[" * 60_000,
    b"a" * 70_000,
    b'{"worker":"\xff"}',
]


def lines(said: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return st.one_of(
        st.binary(max_size=20),
        st.sampled_from(deep),
        (said | anything).map(lambda each: json.dumps(each).encode()),
    )


@pytest.fixture(scope="module", autouse=True)
def folder() -> Any:
    """No other server of this machine is seen. (A socket's path must be short.)"""
    with tempfile.TemporaryDirectory(prefix="ew") as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", name)
        yield Path(name) / "edgewright"


def finished() -> RequestRecord:
    """A request of which whoever looks on may be told."""
    request = Request("GET", "http://h/?a=ok", ["cf-connecting-ip", "::1"], None)
    trace = Tracing(on=True).begin("w", request, Limits())
    trace.outcome, trace.ended = Outcome.EXCEPTION, trace.began + 1
    return RequestRecord("w", "GET", request.url, 500, Outcome.EXCEPTION, 1, 1, 0, trace=trace)


@search
@given(st.lists(lines(asks), max_size=4))
@example([deep[0]])
def test_whoever_asks_is_answered_or_hung_up_on(folder: Path, said: list[bytes]) -> None:
    run(lambda: _ask(folder, said))


async def _ask(folder: Path, said: list[bytes]) -> None:
    recent = Recent()
    recent.request_finished(finished())
    figures = FigureKeeper(lambda _: "", lambda: STATE, dict)
    async with AskServer("n", figures, recent).listening():
        path = folder / "ask" / f"n-{os.getpid()}.sock"
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"".join(line + b"\n" for line in said))
        writer.write_eof()
        await given_up_on(reader.read(), OSError)
        writer.close()
        client = await AskClient.open(path)
        assert (await client.figures()).pid == os.getpid()
        assert len(await client.requests(AskRequests())) == 1
        client.close()
        await settled(lambda: not recent.listeners)


@search
@given(lines(tail_filters))
def test_whoever_tails_is_told_or_hung_up_on(folder: Path, said: bytes) -> None:
    run(lambda: _tail(folder, said))


async def _tail(folder: Path, said: bytes) -> None:
    tracing = Tracing()
    server = TailServer(tracing)
    async with server.listening():
        path = folder / "tail" / f"{os.getpid()}.sock"
        for line in (said, b"{}"):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(line + b"\n")
            answer = await given_up_on(reader.readline(), OSError)
            assert answer in (b"{}\n", b"", None)
            server.request_finished(finished())
            if line == b"{}":
                assert json.loads(await reader.readline())["scriptName"] == "w"
            writer.close()
            await settled(lambda: tracing.listeners == 0)


answers = st.fixed_dictionaries(
    {"type": st.sampled_from(["ready", "failed", "other"])},
    optional={"name": words, "message": words, "warnings": anything, "devtools": anything},
)


@search
@given(lines(answers))
def test_what_a_gateway_says_of_its_start_is_an_answer_or_none(said: bytes) -> None:
    try:
        answer = decode_answer(said)
    except msgspec.DecodeError:
        return
    msgspec.json.encode(answer)
