"""A client in an attacker's hands, on our server's own connections: from the handshake on, whatever
it sends, the server lets go of it, and another client is served as if nothing had been."""

from __future__ import annotations

import asyncio
import socket

from fuzzing import given_up_on, run, search, settled
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from edgewright.config.limits import Limits
from edgewright.gateway.dispatch import Answer
from edgewright.gateway.http1 import Http1Server
from edgewright.messages import Request, Response
from edgewright.websocket.handshake import is_upgrade
from edgewright.websocket.socket import LOST, Closed, Message

HEAD = (
    b"GET / HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class Echo:
    """A Worker's side, which says what it hears."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self._heard: asyncio.Queue[Message | Closed] = asyncio.Queue()

    async def receive(self) -> Message | Closed:
        return await self._heard.get()

    async def send(self, message: Message) -> None:
        self._heard.put_nowait(message)

    async def close(self, code: int, reason: str) -> None:
        self._heard.put_nowait(Closed(code, reason))

    async def gone(self) -> None:
        await self.over.wait()

    def lose(self, why: Closed = LOST) -> None:
        self.over.set()


class Under:
    def client_gone(self) -> None: ...

    def body_too_large(self) -> None: ...


class Upgrades:
    """A Handler that gives everybody a WebSocket who asks for one."""

    limits = Limits(websocket_message_mb=1)

    def __init__(self) -> None:
        self.sockets: list[Echo] = []

    def start(self, request: Request, answer: Answer) -> Under:
        if is_upgrade(request.headers):
            self.sockets.append(Echo())
            response = Response(101, [], None, websocket=self.sockets[-1])
        else:
            response = Response(200, [], b"well")
        asyncio.get_running_loop().call_soon(answer, response)
        return Under()

    def page(self, status: int, headers: list[tuple[bytes, bytes]]) -> Response:
        return Response(status, [], b"refused")


lines = st.sampled_from(
    [
        b"", b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n", b"x: \xff\r\n",
        b"sec-websocket-extensions: permessage-deflate\r\n", b"sec-websocket-extensions: ;,\r\n",
        b"upgrade: h2c\r\n", b"sec-websocket-version: 8\r\n", b"expect: 100-continue\r\n",
    ]
)  # fmt: skip
noise = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"\x81\x85\0\0\0\0hello", b"\x89\x80\0\0\0\0", b"\x88\x82\0\0\0\0\x03\xe8",
                b"\x82\xff" + b"\xff" * 12, b"\x01\x80\0\0\0\0", b"\x80\x80\0\0\0\0",
                HEAD + b"\r\n", b"\x81\x05hello",
                b"\x82\xfe\xff\xff\0\0\0\0" + bytes(65535), b"\xc1\x81\0\0\0\0\xff",
            ]
        ),
    ),
    max_size=6,
)  # fmt: skip


@search
@given(st.sampled_from([b"", b"GET /before HTTP/1.1\r\nhost: h\r\n\r\n"]), lines, noise)
def test_whatever_a_client_sends_the_server_lets_go_of_it(
    before: bytes, line: bytes, sent: list[bytes]
) -> None:
    run(lambda: _attack([before + HEAD + line + b"\r\n", *sent]))


async def _attack(sent: list[bytes]) -> None:
    handler = Upgrades()
    server = Http1Server(handler, max_connections=10)
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    await server.start(listener)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for part in sent:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            writer.write_eof()
            reading = asyncio.create_task(reader.read())
            await settled(reading.done, patience=20)
            await given_up_on(reading, OSError)
        except OSError:  # it has let go already
            pass
        writer.close()
        await settled(lambda: all(echo.over.is_set() for echo in handler.sockets))
        async with connect(f"ws://127.0.0.1:{port}/", proxy=None) as other:
            await other.send("and you?")
            assert await other.recv() == "and you?"
    finally:
        await server.close()
