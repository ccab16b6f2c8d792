"""A service that is an origin: each request goes to its URL, with the request's path behind it."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from edgewright.config.worker_config import ConfigError
from edgewright.messages import Request, discard
from edgewright.outside.failure import FailsLater
from edgewright.subrequest.client import SubrequestClient
from edgewright.subrequest.dial import Outbound
from edgewright.subrequest.upstream import Settle, Subrequest, SubrequestError, UpstreamResponse
from edgewright.url_path import normal_target


class UrlService:
    """Requests to an origin that the operator has named, wherever it is. Raises ConfigError."""

    def __init__(self, name: str, base: str) -> None:
        parts = urlsplit(base)
        if not parts.hostname or parts.query or parts.fragment:
            raise ConfigError(
                f'The service "{name}": {base} must be an origin, with a path at most.'
            )
        self._base = base.rstrip("/")
        self._client = SubrequestClient(Outbound.ANY)

    async def open(self) -> None:
        """A connection is made when there is a request."""

    def start(self, request: Request, settle: Settle) -> Subrequest:
        target = request.url.partition("://")[2].partition("#")[0]
        authority = target.replace("?", "/").partition("/")[0]
        path = target[len(authority) :]
        path = normal_target(path if path.startswith("/") else f"/{path}")
        try:
            return self._client.start(
                request.method,
                self._base + path,
                request.headers,
                request.body,
                "manual",
                partial(_settled, request.url, settle),
            )
        except SubrequestError as error:
            discard(request.body)
            return FailsLater(settle, error)

    async def close(self) -> None:
        await self._client.close()


def _settled(url: str, settle: Settle, result: UpstreamResponse | SubrequestError) -> None:
    """The Worker knows the service by the URL that it has asked for, and no other."""
    if isinstance(result, UpstreamResponse):
        result.url = url.partition("#")[0]
    settle(result)
