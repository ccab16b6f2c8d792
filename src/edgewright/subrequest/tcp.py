"""TCP connections of Workers: what comes in is a Body, and what goes out comes from one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from edgewright.messages import Body, BodyError
from edgewright.subrequest.dial import DialError, Outbound, Target, dial, start_tls

BUFFER = 256 * 1024
"""Bytes that are taken in before somebody comes for them."""

_LOST = "Network connection lost."


class TcpSocket(asyncio.Protocol):
    """A connection. `on_end` is called when it has ended."""

    length = None

    def __init__(self) -> None:
        self.on_end: Callable[[], None] = lambda: None
        self._transport: asyncio.Transport | None = None
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._error: str | None = None
        self._in_over = False
        """Nothing more comes in, or nobody wants it; `_out_over`: nothing more goes out."""
        self._out_over = False
        self._kept = False
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._sending: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> tuple[str, str]:
        """The other side's and this one's."""
        if self._transport is None:
            return "", ""
        info = self._transport.get_extra_info
        return _show(info("peername")), _show(info("sockname"))

    def send(self, body: Body) -> None:
        """Sends all of a body, and then that there is no more. If it breaks off, so does the
        connection."""
        self._sending = asyncio.get_running_loop().create_task(self._send(body))

    async def start_tls(self, host: str) -> TcpSocket:
        """When all has been sent: the same connection under TLS, and this one is over; keep() has
        been called. Raises DialError."""
        self._end_in()
        try:
            if self._sending is not None:
                await asyncio.wait((self._sending,))
            if self._transport is None:
                raise DialError(_LOST)
            secure = TcpSocket()
            secure.connection_made(await start_tls(self._transport, secure, host))
        except BaseException:
            self.cancel()
            raise
        self._transport = None
        return secure

    def keep(self) -> None:
        """TLS is to follow what is being sent, and not its end."""
        self._kept = True

    def cancel(self) -> None:
        """Ends it now."""
        if self._transport is not None:
            self._transport.abort()

    # --- Body: what comes in ----------------------------------------------------------------------

    async def read(self) -> bytes:
        while not self._chunks:
            if self._error is not None:
                raise BodyError(self._error)
            if self._in_over:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        chunk = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        self._go_on()
        return chunk

    def discard(self) -> None:
        self._chunks.clear()
        self._end_in()
        self._go_on()
        self._look_over()

    # --- asyncio.Protocol -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has no common base

    def data_received(self, data: bytes) -> None:
        if self._in_over:
            return
        self._chunks.append(data)
        self._size += len(data)
        if self._size > BUFFER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Whether the connection stays open for what goes out; under TLS that can't be."""
        self._end_in()
        open_ = self._transport is not None and self._transport.can_write_eof()
        return open_ and not self._out_over

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self._in_over:
            if exc is not None or not self._out_over:
                self._error = _LOST
            self._end_in()
        self._may_write.set()
        if self._sending is not None:
            self._sending.cancel()
        self.on_end()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    # --- Inside -----------------------------------------------------------------------------------

    async def _send(self, body: Body) -> None:
        try:
            while chunk := await body.read():
                if self._transport is None:
                    return
                self._transport.write(chunk)
                await self._may_write.wait()
        except BodyError:
            self.cancel()
            return
        finally:
            body.discard()
        if self._kept:
            return
        self._out_over = True
        if self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()
        self._look_over()

    def _look_over(self) -> None:
        if self._in_over and self._out_over and not self._kept and self._transport is not None:
            self._transport.close()

    def _end_in(self) -> None:
        self._in_over = True
        self._wake()

    def _go_on(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def open_tcp(host: str, port: int, outbound: Outbound, *, tls: bool) -> TcpSocket:
    """Raises DialError."""
    return await dial(Target(host, port, tls), outbound, TcpSocket, http=False)


def _show(address: object) -> str:
    if not isinstance(address, tuple):
        return ""
    host, port = cast(tuple[str, int], address)[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
