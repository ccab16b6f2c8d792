"""What RPC between isolates consists of: calls and what they carry, objects that are lent, and a
request's part in it. Who may do what with them is in rpc.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgewright.config.worker_config import Service
from edgewright.gateway.active import ActiveRequest
from edgewright.messages import Body, BodyError, Request, discard
from edgewright.protocol.messages import Call, Passed

if TYPE_CHECKING:
    from edgewright.gateway.rpc import RpcTable

_LONGEST_NAME = 200


@dataclass(slots=True)
class RpcState:
    """What a request has to do with RPC."""

    session: RpcTable | None = None
    """Where it began, by a call."""
    caller: ActiveRequest | None = None
    """Whose call it began by."""
    exports: set[int] = field(default_factory=set[int])
    stubs: set[int] = field(default_factory=set[int])
    calls: set[int] = field(default_factory=set[int])
    """Those that it has to answer."""
    sessions: set[ActiveRequest] = field(default_factory=set[ActiveRequest])
    """Those that it has begun."""

    @property
    def is_open(self) -> bool:
        """Whether it is a session that goes on."""
        return self.session is not None and bool(self.calls or self.exports or self.stubs)


class Export:
    """An object that one request lets others call. `owner` is None once that has ended."""

    __slots__ = ("active", "id", "owner", "stubs")

    def __init__(self, owner: RpcTable | None, active: ActiveRequest | None, id: int) -> None:
        self.owner = owner
        self.active = active
        self.id = id
        self.stubs = 0

    def drop(self) -> None:
        """One stub less."""
        self.stubs -= 1
        if self.stubs == 0 and self.owner is not None and self.active is not None:
            self.owner.released(self, self.active)


Parcel = Export | Body | Passed
"""What goes beside a value's bytes, on its way from one isolate to another."""


class Outgoing:
    """A call that a request waits for."""

    __slots__ = ("active", "given_up", "op", "table")

    def __init__(self, table: RpcTable, active: ActiveRequest, op: int) -> None:
        self.table = table
        self.active = active
        self.op = op
        self.given_up = False

    def cancel(self) -> None:
        """Nobody waits any more."""
        self.given_up = True

    def fail(self, name: str, message: str) -> None:
        if not self.given_up:
            self.table.failed(self, name, message)


@dataclass(slots=True)
class Parcels:
    """A call with all that it carries, between two isolates."""

    outgoing: Outgoing
    call: Call
    parcels: list[Parcel]

    def fail(self, name: str, message: str) -> None:
        drop_parcels(self.parcels)
        self.outgoing.fail(name, message)


def method_of(calls: list[Parcels]) -> str:
    """What is called first, for a person."""
    return ".".join(calls[0].call.path)[:_LONGEST_NAME] if calls else ""


class SessionRequest(Request):
    """The calls that a session begins with, as the request that the other Worker is to handle."""

    def __init__(
        self, service: Service, caller: ActiveRequest, calls: list[Parcels], blob: bytes
    ) -> None:
        super().__init__(
            "RPC",
            f"rpc://{service.worker}/{method_of(calls)}",
            [],
            entrypoint=service.entrypoint,
            props=service.props,
            for_tail=caller.request.for_tail,
        )
        self.calling = caller
        self.calls = calls
        self.blob = blob

    def fail(self, name: str, message: str) -> None:
        for call in self.calls:
            call.fail(name, message)


def state_of(active: ActiveRequest) -> RpcState:
    if active.rpc is None:
        active.rpc = RpcState()
    return active.rpc


def drop_parcels(parcels: list[Parcel]) -> None:
    """Nobody gets them."""
    for parcel in parcels:
        if isinstance(parcel, Export):
            parcel.drop()
        elif not isinstance(parcel, Passed):
            discard(parcel)


class BrokenBody:
    """A body that is gone already."""

    length = None

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def read(self) -> bytes:
        raise BodyError(self._reason)

    def discard(self) -> None:
        """There is nothing to let go of."""
