"""fetch() of a service binding, with the redirects that it meets: the same service follows them."""

from __future__ import annotations

from dataclasses import replace

from edgewright.config.worker_config import Service
from edgewright.gateway.services import Services
from edgewright.messages import Request
from edgewright.subrequest.redirects import Hop, Redirects
from edgewright.subrequest.upstream import (
    Settle,
    Subrequest,
    SubrequestError,
    UpstreamResponse,
)


class ServiceFetch:
    """A Subrequest that a service answers."""

    def __init__(
        self,
        services: Services,
        service: Service,
        request: Request,
        depth: int,
        redirects: Redirects,
        settle: Settle,
    ) -> None:
        self._services = services
        self._service = service
        self._request = request
        self._depth = depth
        self._redirects = redirects
        self._settle = settle
        self._hop: Subrequest = self._start()

    def cancel(self) -> None:
        self._hop.cancel()

    def _start(self) -> Subrequest:
        return self._services.call(self._service, self._request, self._depth, self._arrived)

    def _arrived(self, result: UpstreamResponse | SubrequestError) -> None:
        if isinstance(result, SubrequestError):
            self._settle(result)
            return
        asked = self._request
        try:
            following = self._redirects.follow(
                result, Hop(asked.method, asked.url, asked.headers, asked.body)
            )
            if following is None:
                self._settle(result)
                return
            self._request = replace(asked, **following._asdict())
            self._hop = self._start()
        except SubrequestError as error:
            self._settle(error)
