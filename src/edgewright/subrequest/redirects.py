"""Redirects, as the Fetch standard has them; the same for the network and for services."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from edgewright.messages import Body, discard
from edgewright.subrequest.upstream import SubrequestError, UpstreamResponse, header, without

MAX_REDIRECTS = 20
"""Fetch §4.4 (HTTP-redirect fetch), step 7."""

TOO_MANY = "Too many subrequests."
"""The platform's words."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_CROSS_ORIGIN = frozenset({"authorization", "cookie", "proxy-authorization"})
_BODY_HEADERS = frozenset(
    {"content-encoding", "content-language", "content-location", "content-type"}
)


class Hop(NamedTuple):
    """A request, as far as a redirect changes it."""

    method: str
    url: str
    headers: list[str]
    body: bytes | Body | None


class Redirects:
    """Those that one request meets. `mode` is the request's (Fetch §2.2.5); `allow` is asked before
    each is followed: it is a subrequest, too."""

    __slots__ = ("_allow", "_count", "_mode")

    def __init__(self, mode: str, allow: Callable[[], bool]) -> None:
        self._mode = mode
        self._allow = allow
        self._count = 0

    def follow(self, response: UpstreamResponse, hop: Hop) -> Hop | None:
        """What is to be asked next, after `hop` got this response; None when it is the last one.
        Lets go of the body of one that is not. Raises SubrequestError."""
        response.redirected = self._count > 0
        if response.status not in REDIRECTS:
            return None
        location = header(response.headers, "location")
        if self._mode == "manual" or (self._mode == "follow" and location is None):
            return None
        discard(response.body)
        if location is None or self._mode == "error":
            raise SubrequestError("Unexpected redirect")
        self._count += 1
        if self._count > MAX_REDIRECTS:
            raise SubrequestError("Too many redirects.")
        if not self._allow():
            raise SubrequestError(TOO_MANY, "Error")
        return redirected(response.status, location, *hop)


def redirected(
    status: int,
    location: str,
    method: str,
    url: str,
    headers: list[str],
    body: bytes | Body | None,
) -> Hop:
    """Fetch §4.4 (HTTP-redirect fetch), steps 5 to 19. Raises SubrequestError."""
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
        headers = without(headers, dropped)
    return Hop(method, target, headers, body)


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    """Raises ValueError."""
    return url.scheme, url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)
