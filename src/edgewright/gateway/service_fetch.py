"""fetch() of a service binding, with the redirects that it meets: the same service follows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from edgewright.config.worker_config import Service
from edgewright.gateway.services import Services
from edgewright.messages import Request, discard
from edgewright.subrequest.client import MAX_REDIRECTS, REDIRECTS, TOO_MANY, redirected
from edgewright.subrequest.upstream import (
    Settle,
    Subrequest,
    SubrequestError,
    UpstreamResponse,
    header,
)


class ServiceFetch:
    """A Subrequest that a service answers. `allow` is asked before each redirect is followed: it is
    a subrequest, too."""

    def __init__(
        self,
        services: Services,
        service: Service,
        request: Request,
        depth: int,
        redirect: str,
        settle: Settle,
        allow: Callable[[], bool],
    ) -> None:
        self._services = services
        self._service = service
        self._request = request
        self._depth = depth
        self._redirect = redirect
        self._settle = settle
        self._allow = allow
        self._redirects = 0
        self._hop: Subrequest = self._start()

    def cancel(self) -> None:
        self._hop.cancel()

    def _start(self) -> Subrequest:
        return self._services.call(self._service, self._request, self._depth, self._arrived)

    def _arrived(self, result: UpstreamResponse | SubrequestError) -> None:
        if isinstance(result, SubrequestError) or result.status not in REDIRECTS:
            self._finish(result)
            return
        location = header(result.headers, "location")
        if self._redirect == "manual" or (self._redirect == "follow" and location is None):
            self._finish(result)
            return
        discard(result.body)
        try:
            if location is None or self._redirect == "error":
                raise SubrequestError("Unexpected redirect")
            self._redirects += 1
            if self._redirects > MAX_REDIRECTS:
                raise SubrequestError("Too many redirects.")
            if not self._allow():
                raise SubrequestError(TOO_MANY, "Error")
            request = self._request
            method, url, headers, body = redirected(
                result.status, location, request.method, request.url, request.headers, request.body
            )
            self._request = replace(request, method=method, url=url, headers=headers, body=body)
            self._hop = self._start()
        except SubrequestError as error:
            self._finish(error)

    def _finish(self, result: UpstreamResponse | SubrequestError) -> None:
        if isinstance(result, UpstreamResponse):
            result.redirected = self._redirects > 0
        self._settle(result)
