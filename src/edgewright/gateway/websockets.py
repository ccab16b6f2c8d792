"""WebSockets on the connections of our own server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from edgewright.gateway.requests import Arrival
from edgewright.messages import Response
from edgewright.websocket.handshake import accept
from edgewright.websocket.socket import WebSocket, pipe
from edgewright.websocket.wire import WireWebSocket


class ServedWebSocket:
    """A connection that is a WebSocket now, between a client and a Worker."""

    def __init__(self, client: WireWebSocket, worker: WebSocket) -> None:
        self._client = client
        self.task = asyncio.get_running_loop().create_task(pipe(client, worker))

    def go_away(self) -> None:
        """Asks the client to close."""
        self._client.go_away()


def serve_websocket(
    transport: asyncio.Transport,
    early: bytes,
    arrival: Arrival,
    response: Response,
    *,
    most: int,
    on_end: Callable[[], None],
) -> ServedWebSocket | None:
    """Answers the handshake, and takes the connection over where that was a good one. `early` is
    what the client has sent since, and a message may have `most` bytes. `on_end` is called when the
    connection has ended."""
    worker = response.websocket
    if worker is None:
        raise ValueError("The response has no WebSocket.")
    accepted = accept(arrival.method, arrival.headers, response.headers, most)
    transport.write(_head(accepted.status, accepted.headers) + accepted.body)
    if accepted.socket is None:
        worker.lose()
        return None
    accepted.socket.on_end = on_end
    served = ServedWebSocket(accepted.socket, worker)
    accepted.socket.take_over(transport, early)
    return served


def _head(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers):
        raise ValueError("A response header holds a line break.")
    return b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, HTTPStatus(status).phrase.encode(), lines)
