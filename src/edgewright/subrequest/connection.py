"""One HTTP/1.1 connection to an upstream: llhttp on one of the event loop's transports."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import Callable
from typing import cast

import httptools

from edgewright.messages import BodyError
from edgewright.subrequest.upstream import SubrequestError, Upload, content_length, header

MAX_HEAD = 128 * 1024
"""Bytes of a response's headers."""

GRACE = 0.005
"""Seconds that a response waits for a short body that has not come with its head."""

BUFFER = 256 * 1024
"""Bytes of a body that are taken in before its reader comes for them."""

LOST = "Network connection lost."
Release = Callable[["Connection", bool], None]


class StaleConnection(Exception):
    """The connection ended before a byte of the response had come."""


class Connection(asyncio.Protocol):
    """One connection: what llhttp finds in the bytes becomes a head and a body."""

    def __init__(self, address: tuple[str, int], release: Release) -> None:
        self.address = address
        self.idle_since = 0.0
        self.status = 0
        self.headers: list[str] = []
        self.body = Http1Body(self)
        self._release = release
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._head: asyncio.Future[None] | None = None
        """Of the response that is waited for; None between requests."""
        self._method = ""
        self._head_size = 0
        self._head_complete = False
        self._touched = False
        self._closing_ends_body = False
        self._uploading: asyncio.Task[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, method: str, payload: bytes, upload: Upload | None) -> None:
        """Sends a request; returns when the head of its response is there. Raises SubrequestError
        and StaleConnection."""
        loop = asyncio.get_running_loop()
        self._head = loop.create_future()
        self._method = method
        self.status, self.headers = 0, []
        self._head_size, self._head_complete, self._touched = 0, False, False
        self._closing_ends_body = False
        self.body = Http1Body(self)
        if self._transport is None:
            raise StaleConnection
        self._transport.write(payload)
        if upload is not None:
            self._uploading = loop.create_task(self._upload(upload))
        await self._head

    def abort(self) -> None:
        """Closes the connection now: its response is not wanted any more."""
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self.usable and self._transport is not None:
            self._transport.resume_reading()

    async def _upload(self, upload: Upload) -> None:
        chunked = upload.body.length is None
        try:
            async for chunk in upload.chunks():
                await self._may_write.wait()
                if not self.usable or self._transport is None:
                    return
                self._transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
            if chunked and self._transport is not None:
                self._transport.write(b"0\r\n\r\n")
        except BodyError as error:
            self._fail(SubrequestError(str(error)))
        finally:
            self._uploading = None

    # --- asyncio.Protocol -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has no common base

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            self.abort()  # Bytes that nobody has asked for.
            return
        self._touched = True
        if not self._head_complete:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
            if not self._head_complete and self._head_size > MAX_HEAD:
                raise httptools.HttpParserError(f"a head of more than {MAX_HEAD} bytes")
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(SubrequestError(f"Network connection lost: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._may_write.set()
        if self._closing_ends_body and exc is None:
            self.body.end(None)
        elif self._head is not None:
            if self._head.done():
                self.body.end(LOST)
            else:
                self._head.set_exception(
                    SubrequestError(LOST) if self._touched else StaleConnection()
                )
        self._end(reusable=False)

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    # --- What llhttp calls ------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_complete:
            return  # a trailer
        self.headers += (_lower(name), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:
            return  # Another head follows (RFC 9110 §15.2).
        self._head_complete = True
        flat = self.headers
        self.body.length = content_length(flat)
        self._closing_ends_body = (
            self.body.length is None and header(flat, "transfer-encoding") is None
        )
        assert self._head is not None
        if not self._head.done():
            self._head.set_result(None)
        if self._method == "HEAD":
            # llhttp would wait for the body that the head tells of; the next gets a new one.
            keep_alive = self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            self._complete(keep_alive=keep_alive)

    def on_body(self, data: bytes) -> None:
        self.body.push(data)

    def on_message_complete(self) -> None:
        if self._head is None:
            return  # HEAD, see above
        if self.status < 200:
            self.headers, self._head_size = [], 0
            return
        self._complete(keep_alive=self._parser.should_keep_alive())

    def _complete(self, *, keep_alive: bool) -> None:
        self.body.end(None)
        sent = self._uploading is None
        self._end(reusable=keep_alive and sent and self.usable)

    def _fail(self, error: SubrequestError) -> None:
        if self._head is not None and not self._head.done():
            self._head.set_exception(error)
        self.body.end(error.message)
        self._end(reusable=False)

    def _end(self, *, reusable: bool) -> None:
        """The exchange is over, one way or another."""
        if self._uploading is not None:
            self._uploading.cancel()
            self._uploading = None
        self._closing_ends_body = False
        self._head = None
        if not reusable:
            self.abort()
        self._release(self, reusable)


class Http1Body:
    """A response's body: what has come, until it is read."""

    __slots__ = (
        "_chunks",
        "_connection",
        "_ended",
        "_error",
        "_paused",
        "_settled",
        "_size",
        "_waiter",
        "length",
    )

    def __init__(self, connection: Connection) -> None:
        self.length: int | None = None
        self._connection = connection
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._error: str | None = None
        self._paused = False
        self._settled: asyncio.Future[None] | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        while not self._chunks:
            if self._error is not None:
                raise BodyError(self._error)
            if self._ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self.take()

    @property
    def complete(self) -> bool:
        """Whether all of it is here."""
        return self._ended and self._error is None

    async def soon_complete(self) -> bool:
        """Whether all of it is here within GRACE."""
        loop = asyncio.get_running_loop()
        settled = self._settled = loop.create_future()
        timer = loop.call_later(GRACE, _set, settled)
        try:
            await settled
        except asyncio.CancelledError:
            self.discard()
            raise
        finally:
            timer.cancel()
            self._settled = None
        return self.complete

    def take(self) -> bytes:
        """All that is here and not read."""
        chunk = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._connection.resume()
        return chunk

    def discard(self) -> None:
        if not self._ended:
            self.end(None)
            self._connection.abort()
        self._chunks.clear()

    def break_off(self, reason: str) -> None:
        if not self._ended:
            self._chunks.clear()
            self.end(reason)
            self._connection.abort()

    def push(self, data: bytes) -> None:
        """Bytes from the connection."""
        if self._ended:
            return
        self._chunks.append(data)
        self._size += len(data)
        if self._size > BUFFER and not self._paused:
            self._paused = True
            self._connection.pause()
        self._wake()

    def end(self, error: str | None) -> None:
        """All bytes have come, or no more will."""
        if not self._ended:
            self._ended = True
            self._error = error
            if self._settled is not None:
                _set(self._settled)
            if self._paused:  # The connection is somebody else's from now on.
                self._paused = False
                self._connection.resume()
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None:
            _set(self._waiter)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


@functools.lru_cache(maxsize=1024)
def _lower(name: bytes) -> str:
    return name.decode("latin-1").lower()
