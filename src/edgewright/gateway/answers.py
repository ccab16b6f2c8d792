"""What a Worker answers to a request: its response, checked and put together, or its failure."""

from __future__ import annotations

import time

from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.body_table import BodyTable
from edgewright.gateway.coding import encode, is_known
from edgewright.gateway.ports import PortTable
from edgewright.gateway.responses import response_headers
from edgewright.gateway.surroundings import Surroundings
from edgewright.messages import Body, BodyError, Response
from edgewright.observe.records import Outcome, WorkerError
from edgewright.protocol.messages import FailCommand, RespondCommand
from edgewright.subrequest.upstream import header

_LONGEST_TEXT = 64 * 1024
"""Characters of an exception's parts that are kept."""


class Answers:
    """Those of one isolate."""

    def __init__(self, around: Surroundings, bodies: BodyTable, ports: PortTable) -> None:
        self._headers_kb = around.limits.response_headers_kb
        self._mask = around.mask
        self._bodies = bodies
        self._ports = ports

    def respond(self, active: ActiveRequest | None, command: RespondCommand, inline: bytes) -> None:
        """Tells whoever waits. Raises ProtocolViolation."""
        if active is None or active.head.done:
            self._bodies.refuse(command)
            self._ports.refuse(command)
            return
        try:
            response = self._response(active, command, inline)
        except (BodyError, ValueError) as error:
            self._bodies.refuse(command)
            self._ports.refuse(command)
            active.fail(WorkerFailure(Outcome.EXCEPTION, WorkerError("TypeError", str(error), "")))
            return
        active.status = command.status
        active.sink = command.sink
        active.answered = time.perf_counter()
        if active.trace is not None:
            active.trace.answer(command.status, active.answered)
        active.head.tell(response)

    def _response(self, active: ActiveRequest, command: RespondCommand, inline: bytes) -> Response:
        switches = self._ports.may_answer(active, command)
        if not (200 <= command.status <= 599 or switches):
            raise ValueError(f"{command.status} is no status that a response can have.")
        headers = response_headers(command.headers, head=active.request.method == "HEAD")
        if sum(map(len, headers)) > self._headers_kb << 10:
            raise ValueError(f"The response's headers are larger than {self._headers_kb} KB.")
        coding = header(headers, "content-encoding")
        body: bytes | Body | None = None
        encoded = command.encoded
        if command.inline is not None:
            body = self._bodies.response_body(inline)
        elif command.sink is not None:
            body = self._bodies.open_sink(command.sink, command.headers)
        elif command.stream is not None:
            body, still_encoded = self._bodies.hand_over(command.stream, coding)
            encoded = encoded or still_encoded
        if body is not None and coding is not None and not encoded and is_known(coding):
            body = encode(body, coding)
        socket = self._ports.answer(active, command) if switches else None
        return Response(command.status, headers, body, command.status_text, socket)

    def fail(self, active: ActiveRequest, command: FailCommand) -> None:
        """The handler has thrown."""
        if command.pass_through:
            self._bodies.take_back(active)
        outcome = (
            Outcome.EXCEEDED_CPU if command.outcome == Outcome.EXCEEDED_CPU else Outcome.EXCEPTION
        )
        error = WorkerError(
            self._mask(command.name[:_LONGEST_TEXT]),
            self._mask(command.message[:_LONGEST_TEXT]),
            self._mask(command.stack[:_LONGEST_TEXT]),
        )
        active.fail(WorkerFailure(outcome, error, pass_through=command.pass_through))
