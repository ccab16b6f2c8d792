"""An upstream whose responses a test puts up one by one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from edgewright.gateway.asgi import Receive, Scope, Send


@dataclass
class Put:
    """A response."""

    body: bytes = b""
    headers: dict[str, str] | list[tuple[str, str]] = field(default_factory=dict[str, str])
    status: int = 200
    chunked: bool = False
    hold: asyncio.Event | None = None
    """Not before this is set does the body's second half go out; without `chunked`, nothing."""


@dataclass
class CacheOrigin:
    """Gives a path's responses in their order, the last one again and again. A request whose
    If-None-Match or If-Modified-Since is that of the response that is due gets a 304."""

    responses: dict[str, list[Put]] = field(default_factory=dict[str, list[Put]])
    requests: list[tuple[str, str, dict[str, str]]] = field(
        default_factory=list[tuple[str, str, dict[str, str]]]
    )

    def put(self, path: str, *responses: Put) -> None:
        self.responses[path] = list(responses)

    def count(self, path: str) -> int:
        return sum(asked == path for _, asked, _ in self.requests)

    def last(self, path: str) -> dict[str, str]:
        """The headers of the latest request."""
        return [headers for _, asked, headers in self.requests if asked == path][-1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode()
        path = scope["path"] + (f"?{query}" if query else "")
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        self.requests.append((scope["method"], path, headers))
        due = self.responses[path]
        response = due.pop(0) if len(due) > 1 else due[0]
        if response.hold is not None and not response.chunked:
            await response.hold.wait()
        given = list(response.headers.items() if isinstance(response.headers, dict)
                     else response.headers)  # fmt: skip
        status, body = response.status, response.body
        named = {name.lower(): value for name, value in given}
        same_tag = "etag" in named and named["etag"] == headers.get("if-none-match")
        modified = named.get("last-modified")
        if same_tag or (modified is not None and modified == headers.get("if-modified-since")):
            status, body = 304, b""
        elif not response.chunked:
            given.append(("content-length", str(len(body))))
        raw = [(name.encode(), value.encode("latin-1")) for name, value in given]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        half = len(body) // 2
        if response.chunked:
            await send({"type": "http.response.body", "body": body[:half], "more_body": True})
            body = body[half:]
            if response.hold is not None:
                await response.hold.wait()
        await send({"type": "http.response.body", "body": body, "more_body": False})
