"""HTTP out: what a Worker's fetch() does, by pyreqwest, with redirects as the Fetch standard
has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import SplitResult, urljoin, urlsplit

from pyreqwest.bytes import Bytes
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import DetailedPyreqwestError, PyreqwestError
from pyreqwest.http import HeaderMap
from pyreqwest.request import StreamRequest
from pyreqwest.response import ResponseBodyReader

from edgewright.messages import Body, BodyError
from edgewright.protocol.messages import INLINE_BODY

MAX_REDIRECTS = 20
"""Fetch §4.4 (HTTP-redirect fetch), step 7."""

CHUNK = 256 * 1024
"""Bytes that are read from an upstream at a time, at most."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NULL_BODY = frozenset({101, 204, 205, 304})

_NOT_FORWARDED = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Request headers that are the connection's own (RFC 9110 §7.6.1), or made anew for each hop."""

_CROSS_ORIGIN = frozenset({"authorization", "cookie", "proxy-authorization"})
_BODY_HEADERS = frozenset(
    {"content-encoding", "content-language", "content-location", "content-type"}
)


class SubrequestError(Exception):
    """A subrequest got no response. `name` is the class of the error that fetch() rejects with."""

    def __init__(self, message: str, name: str = "TypeError") -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass(slots=True)
class UpstreamResponse:
    """An upstream's answer. Headers are flat, the body still in its content coding."""

    status: int
    status_text: str
    headers: list[str]
    url: str
    redirected: bool
    body: bytes | Body | None


class SubrequestClient:
    """One pool of connections for all Workers of a gateway."""

    def __init__(self) -> None:
        self._closing: set[asyncio.Task[None]] = set()
        self._client: Client = (
            ClientBuilder()
            .follow_redirects(False)
            .referer(False)
            .no_proxy()
            .user_agent("Edgewright")
            .default_headers({"accept-encoding": "br, gzip"})
            # Bodies pass through as they are; what a Worker reads is decoded for it.
            .gzip(False)
            .brotli(False)
            .zstd(False)
            .deflate(False)
            .connect_timeout(timedelta(seconds=10))
            .http2(True)
            .build()
        )

    async def fetch(
        self, method: str, url: str, headers: list[str], body: bytes | Body | None, redirect: str
    ) -> UpstreamResponse:
        """Raises SubrequestError. Lets go of the body, however it ends.

        Cancelling it gives up the request. What pyreqwest leaves open then: while there is no
        response head yet, the connection to the upstream stays until there is one (its spawned
        request can't be stopped), unless a streamed body is on its way, which is broken off.
        """
        redirects = 0
        while True:
            response = await self._send(method, url, headers, body)
            if response.status not in _REDIRECTS or redirect == "manual":
                response.redirected = redirects > 0
                return response
            location = header(response.headers, "location")
            if redirect == "follow" and location is None:
                response.redirected = redirects > 0
                return response
            if isinstance(response.body, UpstreamBody):
                response.body.discard()
            if location is None or redirect == "error":
                raise SubrequestError("Unexpected redirect")
            redirects += 1
            if redirects > MAX_REDIRECTS:
                raise SubrequestError("Too many redirects.")
            method, url, headers, body = _redirected(
                response.status, location, method, url, headers, body
            )

    async def close(self) -> None:
        """Ends what is under way."""
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._client.close()

    async def _send(
        self, method: str, url: str, headers: list[str], body: bytes | Body | None
    ) -> UpstreamResponse:
        upload = None if body is None or isinstance(body, bytes) else _Upload(body)
        try:
            builder = self._client.request(method, url).streamed_read_buffer_limit(0)
            for index in range(0, len(headers), 2):
                name = headers[index]
                if name not in _NOT_FORWARDED:
                    builder = builder.header(name, headers[index + 1])
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
        upstream = UpstreamBody(request, response.body_reader, _length(flat), self._closing)
        content: bytes | Body | None = upstream
        if method == "HEAD" or status in _NULL_BODY:
            await upstream.finish()
            content = None
        elif (
            upstream.length is not None
            and upstream.length <= INLINE_BODY
            and header(flat, "content-encoding") is None
        ):
            # It is here already or about to be; a turn of its own would cost more.
            content = await upstream.whole()
        shown = url.partition("#")[0]  # Fetch §2.2.6: a response's URL has no fragment
        return UpstreamResponse(status, _PHRASES.get(status, ""), flat, shown, False, content)


class UpstreamBody:
    """The body of an upstream's response, read as it comes."""

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


class _Upload:
    """A request's body on its way to the upstream."""

    __slots__ = ("_given_up", "body")

    def __init__(self, body: Body) -> None:
        self.body = body
        self._given_up = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises BodyError when the body breaks off or is given up, so that the upstream does not
        take a part for the whole."""
        try:
            while chunk := await self.body.read():
                yield chunk
            if self._given_up:
                raise BodyError("The request was given up.")
        finally:
            self.body.discard()

    def give_up(self) -> None:
        self._given_up = True
        self.body.discard()


def header(flat: list[str], name: str) -> str | None:
    """The first value of a header in a flat list, or None."""
    for index in range(0, len(flat), 2):
        if flat[index] == name:
            return flat[index + 1]
    return None


def _redirected(
    status: int,
    location: str,
    method: str,
    url: str,
    headers: list[str],
    body: bytes | Body | None,
) -> tuple[str, str, list[str], bytes | Body | None]:
    """Fetch §4.4 (HTTP-redirect fetch), steps 5 to 19."""
    try:
        target = urljoin(url, location)
        before, after = urlsplit(url), urlsplit(target)
        crosses = _origin(before) != _origin(after)
    except ValueError as error:
        raise SubrequestError(f"A redirect led to an invalid URL: {error}") from error
    if after.scheme not in ("http", "https"):
        raise SubrequestError(f"A redirect led to {after.scheme}:, which fetch() can't load.")
    dropped: frozenset[str] = frozenset()
    if (status in (301, 302) and method == "POST") or (
        status == 303 and method not in ("GET", "HEAD")
    ):
        method, body = "GET", None
        dropped = _BODY_HEADERS
    elif body is not None and not isinstance(body, bytes):
        raise SubrequestError(
            "A request with a one-time-use body (it was initialized from a stream, not a buffer) "
            "encountered a redirect requiring the body to be retransmitted."
        )
    if crosses:
        dropped = dropped | _CROSS_ORIGIN
    if dropped:
        headers = [
            part
            for index in range(0, len(headers), 2)
            if headers[index] not in dropped
            for part in headers[index : index + 2]
        ]
    return method, target, headers, body


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    """Raises ValueError."""
    return url.scheme, url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)


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


def _length(flat: list[str]) -> int | None:
    value = header(flat, "content-length")
    return int(value) if value is not None and value.isascii() and value.isdigit() else None


_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def _reason(error: PyreqwestError) -> str:
    """The innermost cause, which is what a developer can act on."""
    message = error.message
    if isinstance(error, DetailedPyreqwestError) and error.details["causes"]:
        message = error.details["causes"][-1]["message"]
    return f"Network connection lost: {message}"
