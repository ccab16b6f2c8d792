"""From a Response to the header fields that go out; the same for every way in."""

from __future__ import annotations

from edgewright.messages import Response

_SERVER = (b"server", b"edgewright")


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
