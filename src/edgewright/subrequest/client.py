"""HTTP out: what a Worker's fetch() does, with redirects as the Fetch standard has them."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from edgewright.messages import Body
from edgewright.subrequest.http1 import Http1
from edgewright.subrequest.reqwest import Reqwest
from edgewright.subrequest.upstream import (
    SubrequestError,
    Transport,
    UpstreamResponse,
    header,
)

MAX_REDIRECTS = 20
"""Fetch §4.4 (HTTP-redirect fetch), step 7."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

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


class SubrequestClient:
    """One pool of connections for all Workers of a gateway."""

    def __init__(self) -> None:
        self._http: Transport = Http1()
        self._https: Transport = Reqwest()

    async def fetch(
        self, method: str, url: str, headers: list[str], body: bytes | Body | None, redirect: str
    ) -> UpstreamResponse:
        """Raises SubrequestError. Lets go of the body, however it ends. Cancelling it gives up the
        request."""
        redirects = 0
        while True:
            transport = self._http if url.startswith("http:") else self._https
            shown = url.partition("#")[0]  # Fetch §2.2.6: a response's URL has no fragment
            response = await transport.send(method, shown, _sent(headers), body)
            if response.status not in _REDIRECTS or redirect == "manual":
                response.redirected = redirects > 0
                return response
            location = header(response.headers, "location")
            if redirect == "follow" and location is None:
                response.redirected = redirects > 0
                return response
            if response.body is not None and not isinstance(response.body, bytes):
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
        await self._http.close()
        await self._https.close()


def _sent(headers: list[str]) -> list[str]:
    """What is sent of a Worker's headers, and which codings are wanted unless it says."""
    sent: list[str] = []
    negotiates = False
    for index in range(0, len(headers), 2):
        name = headers[index]
        if name not in _NOT_FORWARDED:
            negotiates = negotiates or name == "accept-encoding"
            sent += (name, headers[index + 1])
    if not negotiates:
        sent += ("accept-encoding", "br, gzip")
    return sent


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
