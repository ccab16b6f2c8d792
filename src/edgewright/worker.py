"""Run a Worker inside a Python program, and ask it things."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from multidict import CIMultiDict, CIMultiDictProxy

from edgewright.build import WorkerBundle, build_bundle
from edgewright.config import load_config
from edgewright.gateway.active import WorkerFailure
from edgewright.gateway.asgi import ASGIApp, asgi_app
from edgewright.gateway.node import Node
from edgewright.messages import Body, Request, chunks, read_all
from edgewright.observe.records import Observer, Outcome

Headers = Mapping[str, str] | Sequence[tuple[str, str]]


class WorkerException(Exception):
    """A Worker's handler threw, or was stopped."""

    def __init__(self, outcome: Outcome, name: str, message: str, stack: str) -> None:
        super().__init__(f"{name}: {message}")
        self.outcome = outcome
        """`Outcome.EXCEPTION`, or which limit it went over."""
        self.name = name
        """The JavaScript error's name, such as "TypeError"."""
        self.message = message
        self.stack = stack
        """The JavaScript stack trace."""


@dataclass(slots=True)
class Response:
    """A Worker's response. Its body can be read once: whole, or bit by bit with `async for`."""

    status: int
    headers: CIMultiDictProxy[str]
    """Any case will do; `headers.getall("set-cookie")` gives every value."""
    _body: bytes | Body | None

    async def bytes(self) -> bytes:
        """The whole body."""
        body = await read_all(self._body)
        self._body = body
        return body

    async def text(self) -> str:
        """The whole body as UTF-8; what is malformed becomes U+FFFD, as in JavaScript."""
        return (await self.bytes()).decode("utf-8", "replace")

    async def json(self) -> Any:
        """The whole body as JSON. Raises ValueError where it is none."""
        return json.loads(await self.bytes())

    def __aiter__(self) -> AsyncIterator[bytes]:
        return chunks(self._body)


class Worker:
    """A Worker in an isolate, driven from the running event loop.

        async with Worker("worker.js", env={"GREETING": "hello"}) as worker:
            response = await worker.fetch("http://example.com/")
            print(response.status, await response.text())

    `path` is what `edgewright serve` takes: a JavaScript module, or a folder or file with a
    wrangler configuration. `env` adds to the configuration's `vars` and wins over them. `observer`
    is told of finished requests and console lines. `upstream` is the origin for
    `passThroughOnException()`, as `http://host:port`.

    Entering raises ConfigError, BuildError or StartupError when the Worker can't be started.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        env: Mapping[str, Any] | None = None,
        observer: Observer | None = None,
        upstream: str | None = None,
    ) -> None:
        self.path = Path(path)
        self._env = dict(env or {})
        self._node = Node(observer=observer, upstream=upstream)
        self._bundle: WorkerBundle | None = None

    @property
    def bundle(self) -> WorkerBundle:
        """The version that is in service."""
        if self._bundle is None:
            raise RuntimeError("The Worker has not been started: use `async with Worker(…)`.")
        return self._bundle

    async def __aenter__(self) -> Self:
        try:
            await self._node.start()
            await self.reload()
        except BaseException:
            await self._node.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._node.close()

    async def reload(self) -> None:
        """Reads the code again and puts it into service; requests in flight finish in the old.

        Raises ConfigError, BuildError or StartupError, and then the old version stays.
        """
        bundle = await asyncio.to_thread(self._build)
        await self._node.deploy(bundle)
        self._bundle = bundle

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Headers = (),
        body: bytes | str | None = None,
    ) -> Response:
        """Hands a request to the Worker and gives its response, once that has begun.

        Raises WorkerException when the Worker gives none. Cancelling it is the client's leaving.
        """
        if isinstance(body, str):
            body = body.encode()
        request = Request(method.upper(), url, _flat(headers), body)
        try:
            isolate, active = await self._node.begin(self.bundle.name, request)
            try:
                response = await active.head
            except asyncio.CancelledError:
                isolate.client_gone(active)
                raise
        except WorkerFailure as failure:
            error = failure.error
            raise WorkerException(failure.outcome, error.name, error.message, error.stack) from None
        flat = response.headers
        pairs = CIMultiDict(zip(flat[::2], flat[1::2], strict=True))
        return Response(response.status, CIMultiDictProxy(pairs), response.body)

    async def drain(self, deadline: float = 30.0) -> bool:
        """Waits until nothing is left to do, `waitUntil()` included; whether that was in time."""
        return await self._node.drain(deadline)

    def asgi(self, *, dev: bool = False) -> ASGIApp:
        """The Worker as an ASGI application, to serve or to mount in one of yours. In `dev`, error
        pages show what was thrown."""
        return asgi_app(self._node, self.bundle.name, dev=dev)

    def _build(self) -> WorkerBundle:
        bundle = build_bundle(load_config(self.path))
        return replace(bundle, vars={**bundle.vars, **self._env})


def _flat(headers: Headers) -> list[str]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    flat: list[str] = []
    for name, value in pairs:
        flat += (name.lower(), value)
    return flat
