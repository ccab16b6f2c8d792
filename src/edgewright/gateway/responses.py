"""What becomes of a Worker's response on its way to the client; the same for every way in."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from edgewright.messages import CONNECTION_HEADERS, Response

_SERVER = (b"server", b"edgewright")
_SAID_ANEW = CONNECTION_HEADERS | {"content-length"}
_WORTH_KEEPING = 2048
_UNSAFE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
"""What HTTP has no place for in a field's value (RFC 9110 §5.5)."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
"""A token (RFC 9110 §5.6.2), in lower case: what is looked up here has to be found."""


def fields(response: Response, *, head: bool) -> list[tuple[bytes, bytes]]:
    """The response's headers, with the length of its body where that is known. `head` says whether
    it answers a HEAD request."""
    parts = [part.encode("latin-1") for part in response.headers]
    names = parts[::2]
    headers = list(zip(names, parts[1::2], strict=True))
    if b"server" not in names:
        headers.append(_SERVER)
    if b"content-length" in names and not _knows_length(response, head):
        headers = [header for header in headers if header[0] != b"content-length"]
    length = body_length(response, head=head)
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return headers


@dataclass(frozen=True, slots=True)
class HeaderLines:
    """A response's headers as HTTP/1.1 sends them."""

    lines: bytes
    dated: bool
    """There is a Date among them."""


def header_lines(response: Response, *, head: bool) -> HeaderLines:
    """What fields() gives, as lines, but for body_length(). Raises ValueError."""
    flat = tuple(response.headers)
    make = _lines if _are_few(flat) else _lines.__wrapped__
    return make(flat, _knows_length(response, head))


def body_length(response: Response, *, head: bool) -> int | None:
    """What Content-Length is to say of the body, if anything."""
    body = response.body
    if response.status in (204, 304) or _knows_length(response, head):
        return None
    return len(body or b"") if body is None or isinstance(body, bytes) else body.length


def _knows_length(response: Response, head: bool) -> bool:
    """Whether it is the Worker that knows the length, if anybody does."""
    return response.body is None and head


def response_headers(flat: list[str], *, head: bool) -> list[str]:
    """A response's headers without those that are the connection's own. Raises ValueError.

    The response to a HEAD request says how long the body would be (RFC 9110 §8.6), which nobody
    but the one who answers knows."""
    headers = tuple(flat)
    return [*(_passed_on if _are_few(headers) else _passed_on.__wrapped__)(headers, head)]


def _are_few(flat: tuple[str, ...]) -> bool:
    """Whether they are worth remembering: most responses of a Worker have the same ones."""
    return sum(map(len, flat)) <= _WORTH_KEEPING


@functools.lru_cache(maxsize=256)
def _lines(flat: tuple[str, ...], with_length: bool) -> HeaderLines:
    names = flat[::2]
    lines = [
        f"{name}: {value}\r\n"
        for name, value in zip(names, flat[1::2], strict=True)
        if with_length or name != "content-length"
    ]
    if any(line.count("\n") > 1 or line.count("\r") > 1 for line in lines):
        raise ValueError("A response header holds a line break.")
    if "server" not in names:
        lines.append("server: edgewright\r\n")
    return HeaderLines("".join(lines).encode("latin-1"), "date" in names)


@functools.lru_cache(maxsize=256)
def _passed_on(flat: tuple[str, ...], head: bool) -> tuple[str, ...]:
    """Raises ValueError."""
    if len(flat) % 2 or _UNSAFE.search("".join(flat)):
        raise ValueError("A response header holds a character that HTTP does not allow.")
    headers: list[str] = []
    for index in range(0, len(flat), 2):
        name = flat[index]
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a header's name.")
        if name not in _SAID_ANEW or (head and name == "content-length"):
            headers += (name, flat[index + 1])
    return tuple(headers)
