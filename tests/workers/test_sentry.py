"""Exceptions that Sentry gets, from a real server by its real SDK."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest

from edgewright.observe.export import ExportError, start_sentry
from edgewright.observe.trace import Tracing
from tests.support.running import Command, eventually

WORKER = Path(__file__).parent / "traces" / "fails.js"

Edgewright = Callable[..., Awaitable[Command]]


class Sentry:
    """Takes envelopes and keeps the events in them."""

    def __init__(self) -> None:
        sentry = self
        self.events: list[dict[str, Any]] = []
        self.raw = ""

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                assert self.headers["content-encoding"] == "br"
                body = brotli.decompress(body)
                assert self.path == "/api/7/envelope/"
                _, *items = body.split(b"\n")  # items are a head and a line each
                for head, payload in zip(items[::2], items[1::2], strict=False):
                    if head and json.loads(head)["type"] == "event":
                        sentry.raw += payload.decode()
                        sentry.events.append(json.loads(payload))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://public@127.0.0.1:{self._server.server_port}/7"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    sentry = Sentry()
    yield sentry
    sentry.close()


async def ask(command: Command) -> None:
    headers = {"authorization": "Bearer hidden2", "cookie": "a=hidden3", "x-mine": "yes"}
    async with httpx.AsyncClient(timeout=30) as client:
        await client.get(f"{command.url}/page?a=1&token=hidden4", headers=headers)


async def test_an_exception_with_its_place_and_what_led_to_it(
    edgewright: Edgewright, sentry: Sentry
) -> None:
    command = await edgewright("serve", WORKER, "--sentry-dsn", sentry.dsn)
    await ask(command)
    assert await eventually(lambda: bool(sentry.events))
    (event,) = sentry.events
    (exception,) = event["exception"]["values"]
    assert (exception["type"], exception["value"]) == ("RangeError", "out of it")
    *_, frame = exception["stacktrace"]["frames"]
    assert (frame["function"], frame["filename"], frame["lineno"]) == ("fail", "fails.js", 11)
    assert frame["context_line"] == '  throw new RangeError("out of it");'
    assert frame["in_app"] is True
    assert event["transaction"] == "GET /page"
    assert event["release"].startswith("fails@")
    assert event["environment"] == "production"
    assert event["tags"]["worker"] == "fails"
    console, fetch = event["breadcrumbs"]["values"]
    assert (console["level"], console["message"]) == ("warning", "about to fail")
    assert fetch["data"]["url"].startswith("http://127.0.0.1:1/up")


async def test_no_secret_is_sent(edgewright: Edgewright, sentry: Sentry) -> None:
    command = await edgewright("serve", WORKER, "--sentry-dsn", sentry.dsn)
    await ask(command)
    assert await eventually(lambda: bool(sentry.events))
    assert "hidden" not in sentry.raw
    request = sentry.events[0]["request"]
    assert request["headers"]["x-mine"] == "yes"
    assert request["query_string"] == "a=1&token=REDACTED"


async def test_a_stop_sends_what_is_left(edgewright: Edgewright, sentry: Sentry) -> None:
    command = await edgewright("serve", WORKER, "--sentry-dsn", sentry.dsn)
    await ask(command)
    command.process.send_signal(signal.SIGTERM)
    await command.process.wait()
    assert len(sentry.events) == 1


def test_a_dsn_that_is_none_is_refused() -> None:
    with pytest.raises(ExportError, match="DSN is none"):
        start_sentry("nonsense", Tracing(), dev=False)


def test_without_a_dsn_nothing_is_traced() -> None:
    tracing = Tracing()
    assert start_sentry(None, tracing, dev=False) is None
    assert not tracing.on
