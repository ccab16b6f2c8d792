"""HTTPS out, over HTTP/1.1 or HTTP/2: by pyreqwest. The only file that knows it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pyreqwest.bytes import Bytes
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import DetailedPyreqwestError, PyreqwestError
from pyreqwest.http import HeaderMap
from pyreqwest.request import StreamRequest
from pyreqwest.response import ResponseBodyReader

from edgewright.messages import Body, BodyError
from edgewright.subrequest.upstream import (
    CONNECT_TIMEOUT,
    NULL_BODY,
    PHRASES,
    Settle,
    Subrequest,
    SubrequestError,
    Upload,
    UpstreamBody,
    UpstreamResponse,
    content_length,
    is_short,
)


class Reqwest:
    """A Transport. What pyreqwest leaves open when a request is given up before its response's head
    has come: the connection stays until there is one, as its spawned request can't be stopped,
    unless a streamed body is on its way, which is broken off."""

    def __init__(self) -> None:
        self._closing: set[asyncio.Task[None]] = set()
        self._under_way: set[asyncio.Task[UpstreamResponse]] = set()
        self._client: Client = (
            ClientBuilder()
            .follow_redirects(False)
            .referer(False)
            .no_proxy()
            .user_agent("Edgewright")
            # Bodies pass through as they are; what a Worker reads is decoded for it.
            .gzip(False)
            .brotli(False)
            .zstd(False)
            .deflate(False)
            .connect_timeout(timedelta(seconds=CONNECT_TIMEOUT))
            .http2(True)
            .build()
        )

    def start(
        self,
        method: str,
        url: str,
        headers: tuple[str, ...],
        body: bytes | Body | None,
        settle: Settle,
    ) -> Subrequest:
        task = asyncio.get_running_loop().create_task(self._send(method, url, headers, body))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return _UnderWay(task, body, settle)

    async def _send(
        self, method: str, url: str, headers: tuple[str, ...], body: bytes | Body | None
    ) -> UpstreamResponse:
        """Raises SubrequestError."""
        upload = None if body is None or isinstance(body, bytes) else Upload(body)
        try:
            builder = self._client.request(method, url).streamed_read_buffer_limit(0)
            for index in range(0, len(headers), 2):
                builder = builder.header(headers[index], headers[index + 1])
            if isinstance(body, bytes):
                builder = builder.body_bytes(body)
                if not body:
                    builder = builder.header("content-length", "0")
            elif upload is not None:
                if upload.body.length is not None:
                    builder = builder.header("content-length", str(upload.body.length))
                builder = builder.body_stream(upload.chunks())
            request = builder.build_streamed()
            response = await request.__aenter__()
        except BaseException as error:
            if upload is not None:
                upload.give_up()
            if isinstance(error, PyreqwestError):
                raise SubrequestError(_reason(error)) from error
            if isinstance(error, ValueError | BodyError):
                raise SubrequestError(str(error)) from error
            raise
        status = response.status
        flat = _flat(response.headers)
        upstream = _ReqwestBody(request, response.body_reader, content_length(flat), self._closing)
        content: bytes | UpstreamBody | None = upstream
        if method == "HEAD" or status in NULL_BODY:
            await upstream.finish()
            content = None
        elif is_short(flat, upstream.length):
            # It is here already or about to be; a turn of its own would cost more.
            content = await upstream.whole()
        return UpstreamResponse(status, PHRASES.get(status, ""), flat, url, False, content)

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, *self._closing, return_exceptions=True)
        await self._client.close()


class _UnderWay:
    """A Subrequest that is a task."""

    def __init__(
        self, task: asyncio.Task[UpstreamResponse], body: bytes | Body | None, settle: Settle
    ) -> None:
        self._task = task
        self._body = body
        self._settle: Settle | None = settle
        task.add_done_callback(self._done)

    def cancel(self) -> None:
        self._settle = None
        self._task.cancel()

    def _done(self, task: asyncio.Task[UpstreamResponse]) -> None:
        settle, self._settle = self._settle, None
        if task.cancelled():
            # One that is cancelled before it begins gives its body to nobody.
            if self._body is not None and not isinstance(self._body, bytes):
                self._body.discard()
            if settle is not None:
                settle(SubrequestError("Network connection lost."))
            return
        error = task.exception()
        if error is None:
            response = task.result()
            if settle is not None:
                settle(response)
            elif response.body is not None and not isinstance(response.body, bytes):
                response.body.discard()
        elif isinstance(error, SubrequestError):
            if settle is not None:
                settle(error)
        else:
            if settle is not None:
                settle(SubrequestError("internal error", "Error"))
            raise error


class _ReqwestBody:
    """The body of a response, read from pyreqwest."""

    __slots__ = ("_broken", "_closing", "_reader", "_reading", "_request", "length")

    def __init__(
        self,
        request: StreamRequest,
        reader: ResponseBodyReader,
        length: int | None,
        closing: set[asyncio.Task[None]],
    ) -> None:
        self.length = length
        self._request: StreamRequest | None = request
        self._reader = reader
        self._reading: asyncio.Task[Bytes | None] | None = None
        self._closing = closing
        self._broken: str | None = None

    @property
    def over(self) -> bool:
        """Whether there is nothing more to read."""
        return self._request is None

    async def read(self) -> bytes:
        if self.over:
            return self._end()
        # A task, so that discard() can end it: closing waits for the reader.
        self._reading = asyncio.get_running_loop().create_task(self._reader.read_chunk())
        try:
            chunk = await self._reading
        except asyncio.CancelledError:
            if self.over:
                return self._end()
            raise
        except PyreqwestError as error:
            self._request = None
            raise BodyError(_reason(error)) from error
        if chunk is None:
            await self.finish()
            return b""
        return chunk.to_bytes()

    def break_off(self, reason: str) -> None:
        """Ends the body with an error for whoever reads it."""
        if not self.over:
            self._broken = reason
            self.discard()

    def _end(self) -> bytes:
        if self._broken is not None:
            raise BodyError(self._broken)
        return b""

    async def whole(self) -> bytes:
        """All of it, with one wake-up. Raises SubrequestError."""
        try:
            content = await self._reader.bytes()
        except PyreqwestError as error:
            raise SubrequestError(_reason(error)) from error
        except asyncio.CancelledError:
            self.discard()
            raise
        # Read to its end, the connection is back in the pool already.
        self._request = None
        return content.to_bytes()

    async def finish(self) -> None:
        """The body was read to its end: the connection may serve another request."""
        request, self._request = self._request, None
        if request is not None:
            await request.__aexit__(None, None, None)

    def discard(self) -> None:
        """Closes the connection, which tells the upstream. (Dropping the objects would not, as long
        as it sends nothing.)"""
        request, self._request = self._request, None
        if request is not None:
            closing = asyncio.get_running_loop().create_task(_close(request, self._reading))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)


async def _close(request: StreamRequest, reading: asyncio.Task[Bytes | None] | None) -> None:
    if reading is not None:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    await request.__aexit__(None, None, None)


def _flat(headers: HeaderMap) -> list[str]:
    try:
        items = list(headers.items())
    except ValueError:
        items = _readable_items(headers)
    return [part for item in items for part in item]


def _readable_items(headers: HeaderMap) -> list[tuple[str, str]]:
    """pyreqwest can't give header values with bytes above 0x7F; the others still count."""
    items: list[tuple[str, str]] = []
    for name in dict.fromkeys(headers.keys()):
        try:
            items.extend((name, value) for value in headers.getall(name))
        except ValueError:
            continue
    return items


def _reason(error: PyreqwestError) -> str:
    """The innermost cause, which is what a developer can act on."""
    message = error.message
    if isinstance(error, DetailedPyreqwestError) and error.details["causes"]:
        message = error.details["causes"][-1]["message"]
    return f"Network connection lost: {message}"
