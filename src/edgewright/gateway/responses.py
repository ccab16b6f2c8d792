"""What becomes of a Worker's response on its way to the client; the same for every way in."""

from __future__ import annotations

import re

from edgewright.messages import CONNECTION_HEADERS, Response

_SERVER = (b"server", b"edgewright")
_SAID_ANEW = CONNECTION_HEADERS | {"content-length"}
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
    body = response.body
    if body is None and head:
        return headers  # It is the Worker that knows the length, if anybody does.
    if b"content-length" in names:
        headers = [header for header in headers if header[0] != b"content-length"]
    length = len(body or b"") if body is None or isinstance(body, bytes) else body.length
    if length is not None and response.status not in (204, 304):
        headers.append((b"content-length", b"%d" % length))
    return headers


def response_headers(flat: list[str], *, head: bool) -> list[str]:
    """A response's headers without those that are the connection's own. Raises ValueError.

    The response to a HEAD request says how long the body would be (RFC 9110 §8.6), which nobody
    but the one who answers knows."""
    if len(flat) % 2 or _UNSAFE.search("".join(flat)):
        raise ValueError("A response header holds a character that HTTP does not allow.")
    headers: list[str] = []
    for index in range(0, len(flat), 2):
        name = flat[index]
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a header's name.")
        if name not in _SAID_ANEW or (head and name == "content-length"):
            headers += (name, flat[index + 1])
    return headers
