"""What the admin port answers, as an ASGI application behind the Guard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from edgewright.admin.api import RequestPage
from edgewright.admin.gateways import Gateways
from edgewright.admin.guard import Guard, refused
from edgewright.admin.history import History
from edgewright.admin.metrics import exposition
from edgewright.admin.overview import overview
from edgewright.admin.settings import AdminSettings
from edgewright.gateway.ask import MOST_REQUESTS, AskRequests
from edgewright.observe.recent import RequestFilter

STATIC = Path(__file__).parent / "static"

_Default = TypeVar("_Default")
_WINDOW = 300.0
_LIMIT = 50


class AdminApp:
    """Answers from what the gateways say; `restarts` is how many of these were replaced."""

    def __init__(self, settings: AdminSettings, gateways: Gateways, history: History) -> None:
        self._settings = settings
        self._gateways = gateways
        self._history = history
        self.restarts = settings.gateway_restarts

    def asgi(self) -> ASGIApp:
        """The application, guarded."""
        routes = [
            Route("/api/overview", self._overview),
            Route("/api/requests", self._requests),
            Route("/api/requests/{id}", self._request),
            Route("/api/events", self._events),
            Route("/metrics", self._metrics),
            Mount("/", StaticFiles(directory=STATIC, html=True, check_dir=False)),
        ]
        handlers = {HTTPException: _http_error}
        return Guard(Starlette(routes=routes, exception_handlers=handlers), self._settings.token)

    async def _overview(self, request: Request) -> Response:
        window = _number(request, "window", _WINDOW)
        return _json(
            overview(
                self._settings,
                self.restarts,
                self._gateways.figures,
                self._gateways.sums(),
                self._history,
                window,
            )
        )

    async def _requests(self, request: Request) -> Response:
        limit = int(max(1, min(_number(request, "limit", _LIMIT), MOST_REQUESTS)))
        before = _number(request, "before", None)
        # One more than is wanted shows whether there are more.
        ask = AskRequests(wanted=_filter(request), before=before, limit=limit + 1)
        found = await self._gateways.requests(ask)
        page, more = found[:limit], found[limit:]
        return _json(
            RequestPage(
                requests=[summary for _, summary in page],
                next=repr(page[-1][0]) if more else None,
            )
        )

    async def _request(self, request: Request) -> Response:
        detail = await self._gateways.request(request.path_params["id"])
        if detail is None:
            return refused(404, "No such request is remembered: only the last ones are.")
        return _json(detail)

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(
            self._live(_filter(request)),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )

    async def _live(self, wanted: RequestFilter) -> AsyncIterator[bytes]:
        """Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
        yield b"retry: 1000\n\n"
        async for line in self._gateways.watch(wanted):
            # A comment tells a proxy, and us, whether anybody is still there.
            yield b":\n\n" if line is None else b"event: request\ndata: %b\n\n" % line

    async def _metrics(self, request: Request) -> Response:
        page, media_type = exposition(
            request.headers.get("accept", ""),
            self._settings,
            self.restarts,
            self._gateways.figures,
            self._gateways.sums(),
        )
        return Response(page, headers={"content-type": media_type})


def _filter(request: Request) -> RequestFilter:
    query = request.query_params
    return RequestFilter(
        worker=query.get("worker") or None,
        outcome=query.get("outcome") or None,
        search=query.get("search") or None,
    )


def _number(request: Request, name: str, default: _Default) -> float | _Default:
    """Raises HTTPException."""
    text = request.query_params.get(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        raise HTTPException(400, f"{name}={text} is no number.") from None
    if not 0 <= number < 1e12:
        raise HTTPException(400, f"{name}={text} is out of range.")
    return number


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refused(error.status_code, error.detail)
