"""Several Workers behind one address: which of them answers a request.

As on the platform, the most specific route wins: of two hosts the longer one, and one that has no
`*` before one that has; with the same host the longer path. The whole URL is compared, so that a
request with a query matches only a pattern that ends in `*`.

https://developers.cloudflare.com/workers/configuration/routing/routes/#matching-behavior
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_

from edgewright.build import WorkerBundle
from edgewright.config.limits import LIMIT_NAMES, Limits
from edgewright.config.worker_config import Route
from edgewright.gateway.dispatch import Answer, Dispatched, Dispatcher
from edgewright.gateway.node import Node
from edgewright.gateway.pages import error_response, generic
from edgewright.messages import Request, Response, discard
from edgewright.url_path import normal_target


class Router:
    """A Handler that lets one of several Workers answer. What no route matches goes to `fallback`;
    without one it is not found."""

    def __init__(
        self, node: Node, workers: Sequence[str], fallback: str | None, *, dev: bool
    ) -> None:
        self._node = node
        self._dispatchers = {name: Dispatcher(node, name, dev=dev) for name in workers}
        self._fallback = fallback
        self._known: list[WorkerBundle] = []
        self._routes: list[tuple[Route, str]] = []
        self._limits = Limits()

    @property
    def limits(self) -> Limits:
        """Before it is known whose a request is: the highest of all, each."""
        self._refresh()
        return self._limits

    def start(self, request: Request, answer: Answer) -> Dispatched:
        worker = self.worker_for(request.url)
        if worker is not None:
            return self._dispatchers[worker].start(request, answer)
        discard(request.body)
        names, values = request.headers[::2], request.headers[1::2]
        accept = b",".join(
            value.encode("latin-1", "replace")
            for name, value in zip(names, values, strict=True)
            if name == "accept"
        )
        answer(error_response(generic(404), accept=accept).passed_on())
        return _Nothing()

    def page(self, status: int, headers: list[tuple[bytes, bytes]]) -> Response:
        return next(iter(self._dispatchers.values())).page(status, headers)

    def worker_for(self, url: str) -> str | None:
        """Whose a request is."""
        scheme, _, rest = url.partition("://")
        authority, _, target = rest.partition("/")
        host = _without_port(authority.lower())
        target = normal_target("/" + target.partition("#")[0])
        self._refresh()
        for route, worker in self._routes:
            if route.matches(scheme, host, target):
                return worker
        return self._fallback

    def _refresh(self) -> None:
        """A reload may have changed what the Workers say."""
        bundles = [self._node.bundle(name) for name in self._dispatchers]
        if len(self._known) == len(bundles) and all(map(is_, bundles, self._known)):
            return
        self._known = bundles
        routes = [(route, bundle.name) for bundle in bundles for route in bundle.routes]
        # The most specific first.
        self._routes = sorted(routes, key=lambda pair: pair[0].rank, reverse=True)
        highest = {
            name: max(getattr(bundle.limits, name) for bundle in bundles) for name in LIMIT_NAMES
        }
        self._limits = Limits(**highest)


class _Nothing:
    """A request that has been answered already."""

    def client_gone(self) -> None:
        """There is nothing to give up."""

    def body_too_large(self) -> None:
        """Nobody reads it."""


def _without_port(authority: str) -> str:
    host, colon, port = authority.rpartition(":")
    return host if colon and port.isdigit() else authority
