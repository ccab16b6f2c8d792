"""What the requests of one isolate ask of its Worker's bindings: checked, counted and performed.

On the platform such an operation is a subrequest to an internal service. It takes one of the
request's connections until it is done, and there is a limit of its own for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from edgewright.bindings.binding import (
    BadOperation,
    Binding,
    Operation,
    OperationError,
    Result,
)
from edgewright.config.limits import Limits
from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.body_table import BodyTable
from edgewright.gateway.channel import Channel
from edgewright.gateway.subrequests import Subrequests
from edgewright.messages import Body, BodyError
from edgewright.protocol.messages import (
    FailureEvent,
    OperateCommand,
    ProtocolViolation,
    ResultEvent,
)

_TOO_MANY = "Too many API requests by single Worker invocation."
"""The platform's words."""
_LONGEST_DETAIL = 100
"""Characters of a key that a trace shows."""


class Operations:
    """`bindings` are the Worker's own, by their names in `env`."""

    def __init__(
        self,
        channel: Channel,
        bodies: BodyTable,
        subrequests: Subrequests,
        limits: Limits,
        bindings: Mapping[str, Binding],
    ) -> None:
        self._channel = channel
        self._bodies = bodies
        self._subrequests = subrequests
        self._limits = limits
        self._bindings = bindings

    def start(self, active: ActiveRequest, command: OperateCommand, inline: bytes) -> None:
        """Performs an operation, or queues it. Raises ProtocolViolation."""
        binding = self._bindings.get(command.binding)
        if binding is None:
            raise ProtocolViolation(f"there is no binding {command.binding!r}")
        active.operations += 1
        if active.trace is not None:
            active.trace.op(command.op, f"{command.binding}.{command.method}", _detail(command))
        if active.operations > self._limits.operations:
            self._bodies.refuse(command)
            self._channel.post(FailureEvent(command.op, "Error", _TOO_MANY))
            return
        try:
            body, _ = self._bodies.upload(active, command, inline, [])
        except BodyError as error:
            self._channel.post(FailureEvent(command.op, "TypeError", str(error)))
            return
        if not binding.repeatable(command.method):
            active.unsafe = True
        begin = partial(self._begin, active, command, binding, body)
        self._subrequests.when_free(active, command.op, begin, body)

    def _begin(
        self,
        active: ActiveRequest,
        command: OperateCommand,
        binding: Binding,
        body: bytes | Body | None,
    ) -> None:
        active.ops.pop(command.op, None)  # where it has waited
        if body is None or isinstance(body, bytes):
            self._operate(active, command, binding, body)
        else:
            collecting = self._collect(active, command, binding, body)
            active.ops[command.op] = asyncio.get_running_loop().create_task(collecting)

    async def _collect(
        self, active: ActiveRequest, command: OperateCommand, binding: Binding, body: Body
    ) -> None:
        """Waits for the whole of what the operation comes with."""
        chunks: list[bytes] = []
        size = 0
        refused = None if body.length is None else binding.too_large(body.length)
        try:
            while refused is None and (chunk := await body.read()):
                chunks.append(chunk)
                size += len(chunk)
                self._bodies.hold_more(active, command.op, len(chunk))
                refused = binding.too_large(size)
        except BodyError as error:
            self._settle(active, command.op, OperationError(str(error), "TypeError"))
            return
        except asyncio.CancelledError:
            body.discard()
            raise
        if refused is not None:
            body.discard()
            self._settle(active, command.op, refused)
            return
        del active.ops[command.op]
        self._operate(active, command, binding, b"".join(chunks))

    def _operate(
        self,
        active: ActiveRequest,
        command: OperateCommand,
        binding: Binding,
        body: bytes | None,
    ) -> None:
        if body is not None and (refused := binding.too_large(len(body))) is not None:
            self._settle(active, command.op, refused)
            return
        operation = Operation(command.method, command.arguments, body)
        try:
            running = binding.start(operation, partial(self._settle, active, command.op))
        except BadOperation as error:
            raise ProtocolViolation(str(error)) from error
        if running is not None:
            active.ops[command.op] = running

    def _settle(self, active: ActiveRequest, op: int, result: Result | OperationError) -> None:
        active.ops.pop(op, None)
        self._bodies.uploaded(active, op)
        if active.trace is not None:
            error = result.message if isinstance(result, OperationError) else ""
            active.trace.op_settled(op, error)
        if isinstance(result, OperationError):
            self._channel.post(FailureEvent(op, result.name, result.message))
        elif result.body is None:
            self._channel.post(ResultEvent(op, result.value, None, None))
        else:
            body = self._bodies.response_body(result.body)
            if isinstance(body, bytes):
                self._channel.post(ResultEvent(op, result.value, len(body), None), body)
            else:
                stream = self._bodies.keep(active, body)
                self._channel.post(ResultEvent(op, result.value, None, stream))
        self._subrequests.release(active, op)


def _detail(command: OperateCommand) -> str:
    """What a person would know it by: the key, mostly."""
    match command.arguments:
        case [str(first), *_]:
            return first[:_LONGEST_DETAIL]
        case _:
            return ""
