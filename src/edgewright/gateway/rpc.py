"""RPC between isolates: who has exported what to whom, and who waits for which call.

A call that comes out of an isolate names a service, or a *stub*: the number that this isolate knows
an object of another one by. Here is the only table that says what is behind it, so that no isolate
can reach what it was not given, whatever it says. Objects belong to the request that exported them,
stubs to the request that they were given to, and both end with it.

A call of a service begins a request of the other Worker, a *session*: it lasts until its calls have
been answered and nobody has a stub of any of its objects, nor it one that came with its arguments.

https://developers.cloudflare.com/workers/runtime-apis/rpc/lifecycle/
"""

from __future__ import annotations

from collections.abc import Callable

from edgewright.gateway.active import ActiveRequest, ServiceOp
from edgewright.gateway.body_table import MOST_HELD, BodyTable
from edgewright.gateway.channel import Channel
from edgewright.gateway.rpc_parcels import (
    BrokenBody,
    Export,
    Outgoing,
    Parcel,
    Parcels,
    SessionRequest,
    drop_parcels,
    method_of,
    state_of,
)
from edgewright.gateway.services import Services
from edgewright.messages import BodyError, Response
from edgewright.observe.records import Outcome, WorkerError
from edgewright.protocol.messages import (
    SINK_WINDOW,
    AbortEvent,
    Call,
    CallCommand,
    CallEvent,
    FailureEvent,
    Passed,
    ProtocolViolation,
    ReleaseCommand,
    ReleaseEvent,
    ReturnCommand,
    ReturnEvent,
)
from edgewright.subrequest.redirects import TOO_MANY

_CANCELED = (
    "The destination execution context for this RPC was canceled while the call was still running."
)
_TOO_MANY_CALLS = "Too many RPC calls are under way."
_MOST_CALLS = 10_000
"""Of a request at a time."""
_MOST_STUBS = 100_000
"""Objects that a request may have exported, and stubs that it may have."""
_LARGE = 1 << 20
_LONGEST_TEXT = 64 * 1024


class RpcTable:
    """One isolate's part in RPC. `may_start` counts one more subrequest."""

    def __init__(
        self,
        channel: Channel,
        bodies: BodyTable,
        services: Services,
        *,
        may_start: Callable[[ActiveRequest], bool],
        on_too_much: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._bodies = bodies
        self._services = services
        self._may_start = may_start
        self._on_too_much = on_too_much
        self._exports: dict[int, Export] = {}
        self._stubs: dict[int, tuple[Export, ActiveRequest]] = {}
        self._last_stub = 0
        self._calls: dict[int, tuple[Outgoing, ActiveRequest]] = {}
        """Calls that the isolate has to answer, and by which of its requests."""
        self._last_call = 0

    # --- What the isolate says --------------------------------------------------------------------

    def call(self, active: ActiveRequest, command: CallCommand, blob: bytes) -> None:
        """Raises ProtocolViolation."""
        active.unsafe = True
        calls = [self._outgoing(active, call, place) for place, call in enumerate(command.calls)]
        if calls and len(blob) > SINK_WINDOW:
            self._bodies.hold_upload(active, calls[0].outgoing.op, blob)
        if len(active.ops) > _MOST_CALLS:
            for call in calls:
                call.fail("Error", _TOO_MANY_CALLS)
            return
        if command.stub is None:
            self._call_service(active, command, calls, blob)
            return
        export = self._stub(active, command.stub)
        if export is None or export.owner is None or export.active is None:
            for call in calls:
                call.fail("Error", _CANCELED)
            return
        if active.trace is not None and calls:
            active.trace.op(calls[0].outgoing.op, "stub", method_of(calls))
        event = CallEvent(export.active.id, export.id, None, None, [])
        export.owner.deliver(export.active, event, calls, blob)

    def returned(self, active: ActiveRequest, command: ReturnCommand, blob: bytes) -> None:
        """Raises ProtocolViolation."""
        outgoing, owner = self._calls.get(command.call, (None, None))
        if outgoing is None and command.call > self._last_call:
            raise ProtocolViolation(f"there was no call {command.call}")
        if owner is not None and owner is not active:
            raise ProtocolViolation(f"call {command.call} is another request's")
        parcels = self._take(active, command.passed)
        self._calls.pop(command.call, None)
        state = state_of(active)
        state.calls.discard(command.call)
        if state.session is not None:
            active.status = 500 if command.thrown else active.status or 200
        if command.thrown and state.session is not None and active.outcome is Outcome.OK:
            active.outcome = Outcome.EXCEPTION
            active.error = WorkerError(
                command.name[:_LONGEST_TEXT],
                command.message[:_LONGEST_TEXT],
                command.stack[:_LONGEST_TEXT],
            )
        if outgoing is None or outgoing.given_up:
            drop_parcels(parcels)
        else:
            outgoing.table.answered(outgoing, blob, parcels, thrown=command.thrown)

    def release(self, command: ReleaseCommand) -> None:
        """Raises ProtocolViolation."""
        held = self._stubs.pop(command.stub, None)
        if held is not None:
            export, active = held
            state_of(active).stubs.discard(command.stub)
            export.drop()
        elif command.stub > self._last_stub:
            raise ProtocolViolation(f"there was no stub {command.stub}")

    def _outgoing(self, active: ActiveRequest, call: Call, place: int) -> Parcels:
        if call.after is not None and call.after >= place:
            raise ProtocolViolation("a call on the result of a later one")
        if call.op in active.ops:
            raise ProtocolViolation(f"op {call.op} is under way")
        parcels = self._take(active, call.passed)
        outgoing = active.ops[call.op] = Outgoing(self, active, call.op)
        return Parcels(outgoing, call, parcels)

    def _call_service(
        self, active: ActiveRequest, command: CallCommand, calls: list[Parcels], blob: bytes
    ) -> None:
        service = self._services.target(command.service, command.entrypoint, command.props)
        if service is None:
            raise ProtocolViolation("a call of nobody")
        request = SessionRequest(service, active, calls, blob)
        if calls:
            request.cause = ServiceOp(active, calls[0].outgoing.op)
        if active.trace is not None and calls:
            op, name = calls[0].outgoing.op, command.service or command.entrypoint or service.worker
            note = active.trace.fetch(op, method_of(calls), request.url, [], name)
            request.caller = active.trace, note
        if self._may_start(active):
            self._services.open(service, request, active.depth, request.fail)
        else:
            request.fail("Error", TOO_MANY)

    def _stub(self, active: ActiveRequest, id: int) -> Export | None:
        """What a stub is of; None when it was released or has ended. Raises ProtocolViolation."""
        held = self._stubs.get(id)
        if held is None:
            if id > self._last_stub:
                raise ProtocolViolation(f"there was no stub {id}")
            return None
        if held[1] is not active:
            raise ProtocolViolation(f"stub {id} is another request's")
        return held[0]

    def _take(self, active: ActiveRequest, passed: list[Passed]) -> list[Parcel]:
        """What the isolate gives away. Raises ProtocolViolation."""
        return [self._take_one(active, each) for each in passed]

    def _take_one(self, active: ActiveRequest, passed: Passed) -> Parcel:
        match passed.kind:
            case "export":
                if passed.id in self._exports:
                    raise ProtocolViolation(f"export {passed.id} is there already")
                state = state_of(active)
                if len(state.exports) >= _MOST_STUBS:
                    raise ProtocolViolation("too many exports")
                export = self._exports[passed.id] = Export(self, active, passed.id)
                state.exports.add(passed.id)
            case "stub":
                export = self._stub(active, passed.id) or Export(None, None, 0)
            case "sink":
                return self._bodies.open_sink(passed.id, [])
            case "stream":
                try:
                    return self._bodies.hand_over(passed.id, None)[0]
                except BodyError as error:
                    return BrokenBody(str(error))
            case "bytes" | "none":
                return passed
        export.stubs += 1
        return export

    # --- What others have for the isolate ---------------------------------------------------------

    def begin(self, active: ActiveRequest, request: SessionRequest) -> None:
        """Lets a session begin in this isolate."""
        active.unsafe = True
        active.head.tell(Response(200, [], None))  # There will be none.
        active.answered = active.started
        state = state_of(active)
        state.session, state.caller = self, request.calling
        cause = None if request.cause is None else request.cause.op_of(active.isolate)
        event = CallEvent(active.id, None, request.entrypoint, request.props, [], cause)
        self.deliver(active, event, request.calls, request.blob)
        if all(call.outgoing.given_up for call in request.calls):
            _hang_up(active)
        else:
            state_of(request.calling).sessions.add(active)

    def deliver(
        self, active: ActiveRequest, event: CallEvent, calls: list[Parcels], blob: bytes
    ) -> None:
        """Calls an object of the isolate's, or its entrypoint."""
        state = state_of(active)
        for each in calls:
            self._last_call += 1
            self._calls[self._last_call] = (each.outgoing, active)
            state.calls.add(self._last_call)
            call = each.call
            passed = self._give(active, each.parcels)
            event.calls.append(Call(self._last_call, call.after, call.path, call.size, passed))
        self._post(event, blob)

    def answered(
        self, outgoing: Outgoing, blob: bytes, parcels: list[Parcel], *, thrown: bool
    ) -> None:
        """A call of the isolate's has given or thrown a value."""
        active = outgoing.active
        self._settled(outgoing)
        passed = self._give(active, parcels)
        self._post(ReturnEvent(outgoing.op, len(blob), passed, thrown), blob)

    def failed(self, outgoing: Outgoing, name: str, message: str) -> None:
        self._settled(outgoing, message)
        self._channel.post(FailureEvent(outgoing.op, name, message))

    def _settled(self, outgoing: Outgoing, error: str = "") -> None:
        if outgoing.active.trace is not None:
            outgoing.active.trace.call_settled(outgoing.op, error)
        outgoing.active.ops.pop(outgoing.op, None)
        self._bodies.uploaded(outgoing.active, outgoing.op)

    def released(self, export: Export, active: ActiveRequest) -> None:
        """Nobody has a stub of an object of the isolate's any more."""
        self._exports.pop(export.id, None)
        state_of(active).exports.discard(export.id)
        self._channel.post(ReleaseEvent(active.id, export.id))

    def abort(self, active: ActiveRequest) -> None:
        """Tells the isolate that nobody will call on."""
        self._channel.post(AbortEvent(active.id))

    def _give(self, active: ActiveRequest, parcels: list[Parcel]) -> list[Passed]:
        return [self._give_one(active, parcel) for parcel in parcels]

    def _give_one(self, active: ActiveRequest, parcel: Parcel) -> Passed:
        if isinstance(parcel, Passed):
            return parcel
        if not isinstance(parcel, Export):
            return Passed("stream", self._bodies.keep(active, parcel))
        state = state_of(active)
        self._last_stub += 1
        if len(state.stubs) < _MOST_STUBS:
            self._stubs[self._last_stub] = (parcel, active)
            state.stubs.add(self._last_stub)
        else:
            parcel.drop()
        return Passed("stub", self._last_stub)

    def _post(self, event: CallEvent | ReturnEvent, blob: bytes) -> None:
        self._channel.post(event, blob)
        if len(blob) > _LARGE and self._channel.unsent_bytes > MOST_HELD:
            self._on_too_much()

    # --- The end of a request ---------------------------------------------------------------------

    def forget(self, active: ActiveRequest) -> None:
        """The request has ended: what it has exported can't be called any more."""
        state = active.rpc
        if state is None:
            return
        for id in list(state.stubs):
            export, _ = self._stubs.pop(id)
            export.drop()
        for id in list(state.exports):
            export = self._exports.pop(id)
            export.owner = export.active = None
        for id in list(state.calls):
            outgoing, _ = self._calls.pop(id)
            if active.error is not None and active.outcome is not Outcome.CANCELED:
                outgoing.fail(active.error.name, active.error.message)
            else:
                outgoing.fail("Error", _CANCELED)
        if state.caller is not None and state.caller.rpc is not None:
            state.caller.rpc.sessions.discard(active)
        for session in list(state.sessions):
            _hang_up(session)
        active.rpc = None


def _hang_up(session: ActiveRequest) -> None:
    """Whoever has begun a session is gone. What it has promised to waitUntil() goes on."""
    state = session.rpc
    if state is not None and state.session is not None:
        if state.calls:
            session.client_gone()
        else:
            state.session.abort(session)
