"""A WebSocket over one of the event loop's transports, after the handshake.

`websockets` reads and checks the frames. What goes out is made here, frame by frame: on its own it
would answer a Close frame at once, but when and how that is answered is a Worker's to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

from websockets.exceptions import ProtocolError
from websockets.extensions import Extension
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol, Side

from edgewright.protocol.messages import MESSAGE_COST
from edgewright.websocket.socket import (
    ABNORMAL,
    GOING_AWAY,
    LOST,
    NO_STATUS,
    TOO_LARGE,
    Closed,
    Message,
)

BUFFER = 256 * 1024
"""Bytes of messages that are taken in before somebody comes for them."""

CLOSE_TIMEOUT = 10.0
"""Seconds that the peer has to answer a Close frame."""

_LINGER = 1.0
"""Seconds that a client leaves closing the connection to the server (RFC 6455 §7.1.1)."""

_INVALID_TEXT = 1007


class WireWebSocket(asyncio.Protocol):
    """See WebSocket; no message of more than `max_size` bytes is taken."""

    def __init__(self, side: Side, extensions: Sequence[Extension], max_size: int) -> None:
        self.on_end: Callable[[], None] = lambda: None
        """Called when the connection has ended."""
        self._side = side
        self._extensions = extensions
        self._reader = Protocol(side, max_size=max_size)
        self._reader.extensions = list(extensions)
        self._transport: asyncio.Transport | None = None
        self._parts = bytearray()
        """Of a message that comes in fragments: in one piece, as there may be millions."""
        self._text = False
        self._arrived: deque[Message | Closed] = deque()
        self._size = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._gone = asyncio.Event()
        self._closed_in = False
        self._closed_out = False
        self._timer: asyncio.TimerHandle | None = None

    def take_over(self, transport: asyncio.Transport, early: bytes) -> None:
        """Speaks on this connection from now on; `early` has come after the handshake already."""
        transport.set_protocol(self)
        self.connection_made(transport)
        # A peer that vanished without a word would be waited for forever.
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
        if early:
            self.data_received(early)
        if not self._paused:
            transport.resume_reading()

    # --- WebSocket --------------------------------------------------------------------------------

    async def receive(self) -> Message | Closed:
        while not self._arrived:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        first = self._arrived[0]
        if isinstance(first, Closed):
            return first  # stays: there is nothing after it
        self._arrived.popleft()
        self._size -= len(first.data) + MESSAGE_COST
        if self._paused and self._size <= BUFFER and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return first

    async def send(self, message: Message) -> None:
        if self._closed_out or self._transport is None:
            return
        self._write(Frame(Opcode.TEXT if message.text else Opcode.BINARY, message.data))
        if not self._may_write.is_set():
            await self._may_write.wait()

    async def close(self, code: int, reason: str) -> None:
        self._close(code, reason)

    async def gone(self) -> None:
        await self._gone.wait()

    def lose(self, why: Closed = LOST) -> None:
        if self._transport is None or (self._closed_in and self._closed_out):
            return
        if why.code != ABNORMAL:
            self._close(why.code, why.reason)
        self._transport.abort() if why.code == ABNORMAL else self._transport.close()

    # --- What a server asks for -------------------------------------------------------------------

    def go_away(self) -> None:
        """The server stops: asks the peer to close."""
        self._close(GOING_AWAY, "")

    # --- Frames -----------------------------------------------------------------------------------

    def _close(self, code: int, reason: str) -> None:
        if self._closed_out or self._transport is None:
            return
        self._closed_out = True
        self._write(Frame(Opcode.CLOSE, b"" if code == NO_STATUS else _payload(code, reason)))
        self._look_closed()

    def _look_closed(self) -> None:
        """Ends the connection when both sides have closed, and sees to it that they do."""
        if not self._closed_out:
            return
        if not self._closed_in:
            self._end_after(CLOSE_TIMEOUT)
        elif self._side is Side.SERVER:
            self._end_after(0)
        else:
            self._end_after(_LINGER)

    def _end_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _write(self, frame: Frame) -> None:
        if self._transport is not None and not self._transport.is_closing():
            mask = self._side is Side.CLIENT
            self._transport.write(frame.serialize(mask=mask, extensions=self._extensions))

    def _take(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.BINARY | Opcode.CONT:
                if frame.opcode is not Opcode.CONT:
                    self._text = frame.opcode is Opcode.TEXT
                if frame.fin:
                    data = bytes(self._parts + frame.data if self._parts else frame.data)
                    self._parts.clear()
                    self._complete(data)
                else:
                    self._parts += frame.data
            case Opcode.PING:
                # Whoever doesn't read our answers gets no more of them.
                if self._may_write.is_set() and not self._closed_out:
                    self._write(Frame(Opcode.PONG, frame.data))
            case Opcode.CLOSE:
                close = Close.parse(frame.data)
                self._closed_in = True
                self._arrive(Closed(int(close.code), close.reason))
                self._look_closed()
            case _:
                pass

    def _complete(self, data: bytes) -> None:
        if self._text:
            try:
                data.decode()
            except UnicodeDecodeError:
                self._fail(_INVALID_TEXT, "The text is not UTF-8.")
                return
        self._size += len(data) + MESSAGE_COST
        if self._size > BUFFER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._arrive(Message(data, self._text, outside=True))

    def _fail(self, code: int, reason: str) -> None:
        """The peer does what it must not (RFC 6455 §7.1.7)."""
        self._closed_in = True
        self._arrive(Closed(code, reason, clean=False))
        self._close(code, reason)
        transport = self._transport
        if transport is not None and transport.can_write_eof():
            # Closing with bytes unread would take the Close frame from a peer that still sends.
            transport.resume_reading()
            transport.write_eof()
            self._end_after(CLOSE_TIMEOUT)
        else:
            self._end_after(_LINGER)

    def _arrive(self, item: Message | Closed) -> None:
        self._arrived.append(item)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- asyncio.Protocol -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has no common base

    def data_received(self, data: bytes) -> None:
        if self._closed_in:
            return
        self._reader.receive_data(data)
        self._reader.data_to_send()  # its answers; ours are others
        for frame in self._reader.events_received():
            if not self._closed_in and isinstance(frame, Frame):
                self._take(frame)
        failed = self._reader.close_sent
        if self._reader.parser_exc is not None and failed is not None and not self._closed_in:
            code = int(failed.code)
            self._fail(code, TOO_LARGE.reason if code == TOO_LARGE.code else failed.reason)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._gone.set()
        self._may_write.set()
        if self._timer is not None:
            self._timer.cancel()
        if not self._closed_in:
            self._closed_in = True
            self._arrive(LOST)
        self.on_end()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()


def _payload(code: int, reason: str) -> bytes:
    try:
        return Close(code, reason).serialize()
    except ProtocolError:
        return b""  # No code that goes over a wire, such as 1006, which a Worker can't say either.
