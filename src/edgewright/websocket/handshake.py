"""The opening handshake (RFC 6455 §4); with compression (RFC 7692) where both sides have it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.http11 import Request, Response
from websockets.protocol import Side
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from edgewright.websocket.wire import WireWebSocket

_WINDOW_BITS = 12
_COMPRESS = {"memLevel": 5}
"""A fraction of a compressor's usual memory, as each connection has one."""

_OF_THE_LIBRARY = ("date", "server")
_OURS = frozenset({"connection", "upgrade", "sec-websocket-accept", "sec-websocket-extensions"})
HEADERS = _OURS | {"sec-websocket-key", "sec-websocket-version"}
"""What a handshake consists of: no Worker may say any of it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a client's handshake."""

    status: int
    """101, or that of a refusal."""
    headers: list[tuple[bytes, bytes]]
    body: bytes
    socket: WireWebSocket | None


def is_upgrade(flat: list[str]) -> bool:
    """Whether a request asks for a WebSocket, as far as a Worker cares."""
    return any(
        flat[index] == "upgrade" and flat[index + 1].lower() == "websocket"
        for index in range(0, len(flat), 2)
    )


def accept(
    method: str, headers: list[tuple[bytes, bytes]], response: list[str], max_size: int
) -> Accepted:
    """What a server answers that wants to (§4.2.2). `response` are the headers of the Worker's
    response, which name the subprotocol."""
    server = ServerProtocol(
        extensions=[
            ServerPerMessageDeflateFactory(
                server_max_window_bits=_WINDOW_BITS,
                client_max_window_bits=_WINDOW_BITS,
                compress_settings=_COMPRESS,
            )
        ]
    )
    try:
        given = _headers(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in headers
        )
    except InvalidHandshake:
        refusal = [(b"content-length", b"0"), (b"connection", b"close")]
        return Accepted(400, refusal, b"", None)
    answer = server.accept(Request("/", given, method))
    fields = [
        (name.lower().encode(), value.encode("latin-1"))
        for name, value in answer.headers.raw_items()
        if name.lower() not in _OF_THE_LIBRARY
    ]
    if answer.status_code != 101:
        return Accepted(answer.status_code, fields, bytes(answer.body), None)
    for index in range(0, len(response), 2):
        if response[index] not in _OURS and response[index] != "content-length":
            name, value = response[index : index + 2]
            fields.append((name.encode(), value.encode("latin-1")))
    socket = WireWebSocket(Side.SERVER, server.extensions, max_size)
    return Accepted(101, fields, b"", socket)


class ClientHandshake:
    """A client's side of it (§4.1): what is sent beside a Worker's own headers, and whether what
    comes back agrees with it. A message may have `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._client = ClientProtocol(
            parse_uri("ws://localhost/"),  # which only its own Host header is made of
            extensions=[
                ClientPerMessageDeflateFactory(
                    server_max_window_bits=_WINDOW_BITS,
                    client_max_window_bits=_WINDOW_BITS,
                    compress_settings=_COMPRESS,
                )
            ],
        )

    def lines(self) -> str:
        """To be sent among the request's headers."""
        sent = self._client.connect().headers.raw_items()
        return "".join(f"{name.lower()}: {value}\r\n" for name, value in sent if name != "Host")

    def agree(self, flat: list[str]) -> WireWebSocket:
        """What the connection is from now on. Raises ValueError."""
        pairs = ((flat[index], flat[index + 1]) for index in range(0, len(flat), 2))
        try:
            answer = Response(101, "Switching Protocols", _headers(pairs))
            self._client.process_response(answer)
        except InvalidHandshake as error:
            raise ValueError(str(error)) from error
        return WireWebSocket(Side.CLIENT, self._client.extensions, self._most)


def _headers(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Those that the handshake consists of: what else there is need not please the library, and
    subprotocols are a Worker's affair. Raises InvalidHandshake."""
    return Headers((name, value) for name, value in pairs if name in HEADERS)
