"""An ASGI application that a service binding leads to."""

from __future__ import annotations

import asyncio
from typing import Any

seen: list[str] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(scope, receive, send)
        return
    path = scope["path"]
    if path == "/throws":
        raise ValueError("a secret")
    if path == "/silent":
        return
    status, headers, chunks = 200, [(b"X-Said", b"hello")], [b""]
    if path == "/redirect":
        status, headers = 302, [(b"location", b"/there?a=b")]
    elif path == "/stream":
        chunks = [b"%d," % i for i in range(1000)]
    elif path == "/breaks":
        chunks = [b"begin"]
    else:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        query, headers_ = scope["query_string"].decode(), dict(scope["headers"])
        text = (
            f"{scope['method']} {scope['scheme']}://{headers_[b'host'].decode()}{path}?{query} "
            f"{headers_[b'x-from'].decode()} {scope['state']['started']} {len(body)}"
        )
        chunks = [text.encode()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    if path == "/breaks":
        await asyncio.sleep(0.01)
        raise RuntimeError("in the middle")
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _lifespan(scope: Any, receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        seen.append(message["type"])
        if message["type"] == "lifespan.startup":
            scope["state"]["started"] = "yes"
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def fails(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
