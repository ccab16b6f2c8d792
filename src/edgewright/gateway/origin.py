"""The origin behind the Workers: who answers when one fails that has asked for that."""

from __future__ import annotations

import secrets

from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.responses import response_headers
from edgewright.messages import Request, Response
from edgewright.origin import parse_origin
from edgewright.subrequest.client import SubrequestClient, SubrequestError
from edgewright.subrequest.dial import Outbound


class Origin:
    """`address` is `http://host:port`, None where there is no origin. It is the operator's choice,
    wherever it is. Raises ValueError where it is no origin."""

    def __init__(self, address: str | None) -> None:
        self._address = None if address is None else parse_origin(address)
        self._client = SubrequestClient(Outbound.ANY)
        self._name = f"edgewright-{secrets.token_hex(4)}"

    async def pass_through(self, active: ActiveRequest) -> Response | None:
        """The origin's response to a request whose Worker failed; None where there is none: no
        origin, no body to send to it any more, or it leads back to us."""
        request = active.request
        if self._address is None or not active.body_is_whole or self._was_here(request):
            return None
        path = request.url.split("://", 1)[1].partition("/")[2]
        try:
            upstream = await self._client.fetch(
                request.method,
                f"{self._address}/{path}",
                [*request.headers, "cdn-loop", self._name],
                request.body,
                "manual",
            )
            headers = response_headers(upstream.headers, head=request.method == "HEAD")
        except (SubrequestError, ValueError):
            return None
        return Response(
            upstream.status, headers, upstream.body, upstream.status_text, upstream.websocket
        )

    async def close(self) -> None:
        """Ends its connections."""
        await self._client.close()

    def _was_here(self, request: Request) -> bool:
        """Whether this node has passed the request on before (RFC 8586)."""
        names, values = request.headers[::2], request.headers[1::2]
        return any(
            name == "cdn-loop" and self._name in value
            for name, value in zip(names, values, strict=True)
        )
