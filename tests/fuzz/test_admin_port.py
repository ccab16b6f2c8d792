"""Whatever somebody asks of the admin port, with or without its token, it is answered: with what
there is, or with what is wrong about the question. Never with a failure of its own."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from fuzzing import run, search
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message

from edgewright.admin.app import AdminApp
from edgewright.admin.gateways import Gateways
from edgewright.admin.history import History
from edgewright.admin.settings import AdminSettings
from edgewright.config.limits import Limits
from edgewright.gateway.ask import AskServer, ask_folder
from edgewright.messages import Request
from edgewright.observe.figures import FigureKeeper, NodeState
from edgewright.observe.recent import Recent
from edgewright.observe.records import Outcome, RequestRecord
from edgewright.observe.trace import Tracing

TOKEN = "the token"
STATE = NodeState(
    workers=[], hosts=1, memory=1, memory_limit=1, isolate_starts={"w": 1}, evictions=0,
    host_starts=1, host_deaths=0,
)  # fmt: skip

words = st.binary(max_size=8) | st.sampled_from(
    [b"", b"0", b"-1", b"nan", b"inf", b"-inf", b"1e999", b"1e11", b"9" * 5000, b"1_0", b"0x1",
     b"%00", b"%ff", b"%ed%a0%80", b"%", b"\xd9\xa3", b"a" * 70_000, b"[", b"the+token", b"ok"]
)  # fmt: skip
queries = st.lists(
    st.tuples(
        st.sampled_from(
            [b"window", b"limit", b"before", b"worker", b"outcome", b"search", b"token", b"x"]
        ),
        words,
    ).map(b"=".join),
    max_size=4,
).map(b"&".join)
paths = st.sampled_from(
    ["/", "/api/overview", "/api/requests", "/api/requests/", "/metrics", "/login", "/index.html",
     "//", "/..", "/../../etc/passwd", "/\0", "/" + "a" * 5000, "/api", "*", "", "/\udcff", "//h/"]
) | st.text(max_size=6).map("/api/requests/{}".format)  # fmt: skip
hosts = st.sampled_from(
    [b"127.0.0.1", b"localhost:1", b"[::1]:1", b"[", b"[::1", b"]", b"", b"a b", b"\xff", b":",
     b"127.0.0.1:x", b"h.invalid", b"[v1.x]", b"[::1%25lo]", b"127.0.0.1/../@"]
)  # fmt: skip
fields = st.tuples(
    st.sampled_from(
        [b"accept", b"accept-encoding", b"authorization", b"cookie", b"origin", b"range",
         b"sec-fetch-site", b"sec-fetch-mode", b"if-none-match", b"if-modified-since", b"host"]
    ),
    words | st.sampled_from(
        [b"Bearer the token", b"Bearer", b"edgewright_admin=1.x", b"edgewright_admin=" + b"9" * 11,
         b"application/openmetrics-text;version=1.0.0;q=x", b"a/b;;=,", b"bytes=1-0,-", b"none",
         b"same-origin", b"navigate", b"http://127.0.0.1", b"edgewright_admin=\xb2.\xff", b"\"\\"]
    ),
)  # fmt: skip
methods = st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "", "g t"])
bodies = st.lists(words | queries, max_size=2)


@pytest.fixture(scope="module", autouse=True)
def alone() -> Iterator[None]:
    """No other server of this machine is seen. (A socket's path must be short.)"""
    with tempfile.TemporaryDirectory(prefix="ew") as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", name)
        yield


@search
@given(st.sampled_from([None, TOKEN]), methods, paths, queries, hosts,
       st.lists(fields, max_size=3), bodies)  # fmt: skip
@example(TOKEN, "GET", "/login", b"", b"[", [], [])
@example(None, "GET", "/\0", b"", b"localhost", [], [])
def test_whatever_is_asked_is_answered(
    token: str | None,
    method: str,
    path: str,
    query: bytes,
    host: bytes,
    headers: list[tuple[bytes, bytes]],
    body: list[bytes],
) -> None:
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "query_string": query, "root_path": "",
        "headers": [(b"host", host), *headers], "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }  # fmt: skip
    run(lambda: _ask(token, scope, body))


async def _ask(token: str | None, scope: dict[str, Any], body: list[bytes]) -> None:
    recent = Recent()
    figures = FigureKeeper(lambda _: "v", lambda: STATE, dict)
    for observer in (recent, figures):
        observer.request_finished(_finished())
    history = History()
    async with AskServer("n", figures, recent).listening():
        gateways = Gateways(ask_folder(), "n", lambda: history.add(gateways.sums(), 1.8e9))
        await gateways.look()
        settings = AdminSettings(node="n", listener_fd=-1, token=token, dev=False, started=0)
        status = await _status(AdminApp(settings, gateways, history).asgi(), scope, body)
        gateways.close()
    assert 200 <= status < 500


async def _status(app: ASGIApp, scope: dict[str, Any], body: list[bytes]) -> int:
    said: list[Message] = []
    parts: list[Message] = [
        {"type": "http.request", "body": part, "more_body": True} for part in body
    ]
    parts.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return parts.pop(0) if parts else await asyncio.Event().wait()

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    assert said[0]["type"] == "http.response.start"
    for name, value in said[0]["headers"]:
        assert not {b"\r", b"\n", b"\0"} & {bytes([each]) for each in name + value}
    return said[0]["status"]


def _finished() -> RequestRecord:
    request = Request("GET", "http://h/?a=ok", [], None)
    trace = Tracing(on=True).begin("w", request, Limits())
    trace.outcome, trace.ended = Outcome.EXCEPTION, trace.began + 1
    return RequestRecord("w", "GET", request.url, 500, Outcome.EXCEPTION, 1, 1, 0, trace=trace)
