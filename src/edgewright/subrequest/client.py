"""HTTP out: what a Worker's fetch() does, by pyreqwest, with redirects as the Fetch standard
has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import DetailedPyreqwestError, PyreqwestError
from pyreqwest.http import HeaderMap
from pyreqwest.request import StreamRequest
from pyreqwest.response import ResponseBodyReader

from edgewright.messages import Body, BodyError, chunks
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
        """Raises SubrequestError. Cancelling it gives up the request."""
        redirects = 0
        while True:
            response = await self._send(method, url, headers, body)
            location = header(response.headers, "location")
            if response.status not in _REDIRECTS or redirect == "manual" or location is None:
                response.redirected = redirects > 0
                return response
            if isinstance(response.body, UpstreamBody):
                response.body.discard()
            if redirect == "error":
                raise SubrequestError("Unexpected redirect")
            redirects += 1
            if redirects > MAX_REDIRECTS:
                raise SubrequestError("Too many redirects.")
            method, url, headers, body = _redirected(
                response.status, location, method, url, headers, body
            )

    async def close(self) -> None:
        await self._client.close()

    async def _send(
        self, method: str, url: str, headers: list[str], body: bytes | Body | None
    ) -> UpstreamResponse:
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
            elif body is not None:
                if body.length is not None:
                    builder = builder.header("content-length", str(body.length))
                builder = builder.body_stream(chunks(body))
            request = builder.build_streamed()
            response = await request.__aenter__()
        except PyreqwestError as error:
            raise SubrequestError(_reason(error)) from error
        except (ValueError, BodyError) as error:
            raise SubrequestError(str(error)) from error
        status = response.status
        flat = _flat(response.headers)
        upstream = UpstreamBody(request, response.body_reader, _length(flat))
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
        return UpstreamResponse(status, _PHRASES.get(status, ""), flat, url, False, content)


class UpstreamBody:
    """The body of an upstream's response, read as it comes."""

    __slots__ = ("_reader", "_request", "length")

    def __init__(
        self, request: StreamRequest, reader: ResponseBodyReader, length: int | None
    ) -> None:
        self.length = length
        self._request: StreamRequest | None = request
        self._reader = reader

    async def read(self) -> bytes:
        if self._request is None:
            return b""
        try:
            chunk = await self._reader.read_chunk()
        except PyreqwestError as error:
            self._request = None
            raise BodyError(_reason(error)) from error
        if chunk is None:
            await self.finish()
            return b""
        return chunk.to_bytes()

    async def whole(self) -> bytes:
        """All of it, with one wake-up. Raises SubrequestError."""
        try:
            content = await self._reader.bytes()
        except PyreqwestError as error:
            raise SubrequestError(_reason(error)) from error
        # Read to its end, the connection is back in the pool already.
        self._request = None
        return content.to_bytes()

    async def finish(self) -> None:
        """The body was read to its end: the connection may serve another request."""
        request, self._request = self._request, None
        if request is not None:
            await request.__aexit__(None, None, None)

    def discard(self) -> None:
        # Dropping the last reference closes the connection, which tells the upstream.
        self._request = None


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
    target = urljoin(url, location)
    before, after = urlsplit(url), urlsplit(target)
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
    if (before.scheme, before.hostname, before.port) != (after.scheme, after.hostname, after.port):
        dropped = dropped | _CROSS_ORIGIN
    if dropped:
        headers = [
            part
            for index in range(0, len(headers), 2)
            if headers[index] not in dropped
            for part in headers[index : index + 2]
        ]
    if not after.fragment and before.fragment:
        target = f"{target}#{before.fragment}"
    return method, target, headers, body


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
