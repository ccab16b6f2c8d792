"""From what a client sent to the Request that a Worker sees; the same for every way in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgewright.config.limits import Limits
from edgewright.messages import CONNECTION_HEADERS, Request

_HOST = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]+")
_NOT_FOR_WORKERS = CONNECTION_HEADERS | {"cf-connecting-ip", "x-real-ip", "x-forwarded-proto"}
"""Headers of the connection, and those that the gateway says itself and no client may."""

ADMIN_COOKIE = "edgewright-admin"
"""The admin port's. Browsers send a host's cookies to all of its ports, and this one is no
Worker's business."""

CLIENT_GONE = "The client disconnected before its request was complete."
"""Why a request's body breaks off."""

HTTP_1_0, HTTP_1_1, HTTP_2 = "HTTP/1.0", "HTTP/1.1", "HTTP/2"


class Refused(ValueError):
    """A request that no Worker gets to see."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        """What its client gets."""


@dataclass(slots=True)
class Arrival:
    """A request's head as it came in."""

    method: str
    scheme: str
    protocol: str
    target: bytes
    """Path and query, neither decoded nor normalised."""
    headers: list[tuple[bytes, bytes]]
    """Names in lower case."""
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None


@dataclass(slots=True)
class Framing:
    """Whether a body follows, and how long it says it is."""

    has_body: bool
    length: int | None


@dataclass(frozen=True, slots=True)
class Head:
    """What a request's header fields come to."""

    headers: list[str]
    """What a Worker sees: flat."""
    origin: str
    """The beginning of the request's URL."""
    size: int
    """Bytes of names and values."""
    length: int | None
    chunked: bool


def parse(arrival: Arrival, limits: Limits, head: Head | None = None) -> tuple[Request, Framing]:
    """The Request, still without its body. `head` is what parse_head() gave, if it was asked
    before. Raises Refused."""
    head = head or parse_head(arrival)
    if head.size > limits.request_headers_kb << 10:
        raise Refused(431, "the headers are too large")
    try:
        target = arrival.target.decode()  # whatever is not ASCII in it is UTF-8
    except UnicodeDecodeError as error:
        raise Refused(400, "a target that is none") from error
    url = f"{head.origin}{'' if target.startswith('/') else '/'}{target}"
    if len(url) > limits.url_kb << 10:
        raise Refused(414, "the URL is too long")
    length = head.length
    if length is not None and length > limits.request_body_mb << 20:
        raise Refused(413, "the body is too large")
    method = arrival.method
    has_body = method not in ("GET", "HEAD") and bool(length or (length is None and head.chunked))
    request = Request(method, url, [*head.headers], None, {"httpProtocol": arrival.protocol})
    return request, Framing(has_body, length)


def parse_head(arrival: Arrival) -> Head:
    """What is the same for all requests of a connection with the same headers: and a client that
    keeps one says the same again and again. Raises Refused."""
    hosts: list[str] = []
    size = 0
    length: int | None = None
    chunked = arrival.protocol == HTTP_2
    headers: list[str] = []
    for raw_name, raw_value in arrival.headers:
        size += len(raw_name) + len(raw_value)
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name == "host":
            hosts.append(value)
        elif name == "content-length":
            length = _content_length(value)
        elif name in _NOT_FOR_WORKERS and (name != "upgrade" or value.lower() != "websocket"):
            chunked = chunked or name == "transfer-encoding"
            continue
        elif name == "cookie" and ADMIN_COOKIE in value:
            value = _without_admin(value)
        headers += (name, value)
    scheme = arrival.scheme
    if not any(hosts) and arrival.protocol == HTTP_1_0:  # granian gives an empty one for none
        host, port = arrival.server or ("localhost", None)
        hosts = [host if port is None else f"{host}:{port}"]
    # RFC 9112 §3.2: exactly one.
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise Refused(400, "a Host header that is none")
    headers += ("x-forwarded-proto", scheme)
    if arrival.client is not None:
        address = arrival.client[0]
        headers += ("cf-connecting-ip", address, "x-real-ip", address)
    return Head(headers, f"{scheme}://{hosts[0]}", size, length, chunked)


def is_repeatable(arrival: Arrival | None) -> bool:
    """Whether the same bytes, sent again, say the same again: there is no body that counts, and the
    connection goes on."""
    return (
        arrival is not None
        and arrival.method in ("GET", "HEAD")
        and arrival.protocol == HTTP_1_1
        and arrival.target.startswith(b"/")
        and all(name != b"connection" for name, _ in arrival.headers)
    )


def _without_admin(cookies: str) -> str:
    """A Cookie header's value without the admin port's (RFC 6265 §4.2.1)."""
    pairs = [pair.strip() for pair in cookies.split(";")]
    return "; ".join(pair for pair in pairs if pair.partition("=")[0].strip() != ADMIN_COOKIE)


def body_too_large(most: int) -> str:
    """Why a request's body of more than `most` bytes breaks off."""
    return f"The request's body is larger than {most >> 20} MB."


def _content_length(value: str) -> int:
    """RFC 9110 §8.6: digits. (What Python calls a number is more.)"""
    if not (value.isascii() and value.isdigit()):
        raise Refused(400, "a Content-Length that is none")
    return int(value)
