"""What a Worker's connect() opens: TCP, and TLS on top of it.

https://developers.cloudflare.com/workers/runtime-apis/tcp-sockets/
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.bodies import SinkBody
from edgewright.gateway.body_table import BodyTable
from edgewright.gateway.channel import Channel
from edgewright.gateway.subrequests import Subrequests
from edgewright.protocol.messages import (
    ConnectCommand,
    ConnectedEvent,
    FailureEvent,
    StartTlsCommand,
)
from edgewright.subrequest.client import SubrequestClient
from edgewright.subrequest.dial import DialError
from edgewright.subrequest.redirects import TOO_MANY
from edgewright.subrequest.tcp import TcpSocket

_FORBIDDEN_PORTS = frozenset({0, 25})
"""Mail is sent by those who answer for it."""

_FAILED = "proxy request failed, cannot connect to the specified address"
_HTTP = (
    ". It looks like you might be trying to connect to a HTTP-based service — consider using fetch "
    "instead"
)
"""The platform's words."""


class TcpSockets:
    """Those of one isolate. They are ops of their request: it ends them."""

    def __init__(
        self,
        channel: Channel,
        bodies: BodyTable,
        subrequests: Subrequests,
        client: SubrequestClient,
    ) -> None:
        self._channel = channel
        self._bodies = bodies
        self._subrequests = subrequests
        self._client = client

    def connect(self, active: ActiveRequest, command: ConnectCommand) -> None:
        """Raises ProtocolViolation."""
        sink = self._bodies.open_sink(command.sink, [])
        if not self._subrequests.may_start(active):
            self._fail(command.op, sink, TOO_MANY)
            return
        if command.port in _FORBIDDEN_PORTS:
            self._fail(command.op, sink, f"{_FAILED} (port {command.port})")
            return
        active.unsafe = True
        start = partial(self._start, active, command.op, sink, partial(self._open, command))
        self._subrequests.when_free(active, command.op, start, sink)

    def start_tls(self, active: ActiveRequest, command: StartTlsCommand) -> None:
        """Raises ProtocolViolation."""
        sink = self._bodies.open_sink(command.sink, [])
        socket = active.ops.get(command.socket)
        if not isinstance(socket, TcpSocket):
            self._fail(command.op, sink, "The socket is closed.")
            return
        del active.ops[command.socket]
        if active.connections is not None:
            active.connections.move(command.socket, command.op)
        socket.on_end = lambda: None
        socket.keep()
        self._start(active, command.op, sink, partial(socket.start_tls, command.host))

    async def _open(self, command: ConnectCommand) -> TcpSocket:
        """Raises DialError."""
        try:
            return await self._client.connect(command.host, command.port, tls=command.tls)
        except DialError as error:
            hint = _HTTP if command.port in (80, 443) else ""
            raise DialError(f"{_FAILED}{hint} ({error})") from error

    def _start(
        self,
        active: ActiveRequest,
        op: int,
        sink: SinkBody,
        connect: Callable[[], Awaitable[TcpSocket]],
    ) -> None:
        active.ops[op] = _Connecting(self._connect(active, op, sink, connect), sink)

    async def _connect(
        self,
        active: ActiveRequest,
        op: int,
        sink: SinkBody,
        connect: Callable[[], Awaitable[TcpSocket]],
    ) -> None:
        try:
            socket = await connect()
        except DialError as error:
            self._over(active, op)
            self._fail(op, sink, str(error))
            return
        active.ops[op] = socket
        socket.on_end = partial(self._over, active, op)
        remote, local = socket.addresses
        self._channel.post(ConnectedEvent(op, self._bodies.keep(active, socket), remote, local))
        socket.send(sink)

    def _over(self, active: ActiveRequest, op: int) -> None:
        active.ops.pop(op, None)
        self._subrequests.release(active, op)

    def _fail(self, op: int, sink: SinkBody, message: str) -> None:
        self._channel.post(FailureEvent(op, "Error", message))
        sink.discard()


class _Connecting:
    """A connection that is being made, until it is cancelled."""

    def __init__(self, connecting: Awaitable[None], sink: SinkBody) -> None:
        self._task = asyncio.ensure_future(connecting)
        self._sink = sink

    def cancel(self) -> None:
        self._task.cancel()
        self._sink.discard()
