"""What the Workers under test make their subrequests to: an ASGI app, and what it has seen."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

import brotli

from edgewright.gateway.asgi import Receive, Scope, Send

CHUNK = 64 * 1024
TEXT = "All work and no play makes Jack a dull boy. " * 500


@dataclass
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Upstream:
    """Answers by path; see `_answer`."""

    seen: list[Seen] = field(default_factory=list[Seen])
    open: int = 0
    """Requests in flight."""
    peak: int = 0
    """The most that were in flight at once."""
    left: int = 0
    """Requests whose client went away."""
    sent: int = 0
    """Bytes of bodies that were written."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        path = scope["path"] + (f"?{query}" if query else "")
        seen = Seen(scope["method"], path, headers)
        self.seen.append(seen)
        self.open += 1
        self.peak = max(self.peak, self.open)
        try:
            await self._answer(seen, parse_qs(query), receive, send)
        finally:
            self.open -= 1

    async def _answer(
        self, seen: Seen, query: dict[str, list[str]], receive: Receive, send: Send
    ) -> None:
        name, _, argument = seen.path.partition("?")[0].strip("/").partition("/")
        match name:
            case "delay":  # /delay/MILLISECONDS
                await asyncio.sleep(int(argument) / 1000)
                await self._send(send, 200, [], f"after {argument} ms".encode())
            case "hang":  # until the client leaves
                while (await receive())["type"] != "http.disconnect":
                    pass
                self.left += 1
            case "bytes":  # /bytes/COUNT
                size = int(argument)
                await _start(send, 200, [("content-length", str(size))])
                chunk = b"x" * CHUNK
                while size > 0:
                    part = chunk[: min(size, CHUNK)]
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                    self.sent += len(part)
                    size -= len(part)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            case "endless":  # until the client leaves
                await _start(send, 200, [])
                watching = asyncio.ensure_future(_until_left(receive))
                while not watching.done():
                    await send({"type": "http.response.body", "body": b"tick\n", "more_body": True})
                    await asyncio.sleep(0.02)
                self.left += 1
            case "echo":  # the body, as it comes
                kind = seen.headers.get("content-type", "application/octet-stream")
                await _start(send, 200, [("content-type", kind), ("x-method", seen.method)])
                async for part in _body(receive):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            case "count":  # how long the body was
                size = 0
                async for part in _body(receive):
                    size += len(part)
                await self._send(send, 200, [], str(size).encode())
            case "headers":
                await self._send(send, 200, [], json.dumps(seen.headers).encode())
            case "events":  # an event stream
                last = seen.headers.get("last-event-id", "nothing")
                text = f"retry: 1\nid: 1\ndata: after {last}\n\n"
                headers = [("content-type", "text/event-stream")]
                await self._send(send, 200, headers, text.encode())
            case "redirect":  # /redirect/STATUS?to=URL
                async for part in _body(receive):
                    seen.body += part
                to = unquote(query["to"][0])
                await self._send(send, int(argument), [("location", to)], b"elsewhere")
            case "loop":
                await self._send(send, 302, [("location", "/loop")], b"")
            case "gzip" | "br":
                encode = gzip.compress if name == "gzip" else brotli.compress
                headers = [("content-encoding", name), ("content-type", "text/plain")]
                await self._send(send, 200, headers, encode(TEXT.encode()))
            case "status":  # /status/CODE
                await self._send(send, int(argument), [], b"")
            case _:
                async for part in _body(receive):
                    seen.body += part
                await self._send(send, 200, [("x-origin", "yes")], f"origin {seen.path}".encode())

    async def _send(
        self, send: Send, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        await _start(send, status, [*headers, ("content-length", str(len(body)))])
        await send({"type": "http.response.body", "body": body, "more_body": False})
        self.sent += len(body)


async def _start(send: Send, status: int, headers: list[tuple[str, str]]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _body(receive: Receive):  # noqa: ANN202
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
