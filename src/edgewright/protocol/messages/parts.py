"""What events and commands are made of, and the windows of their flow control."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from edgewright.protocol.framing import MAX_FRAME

Id = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
"""As JavaScript's numbers have it. Commands come from processes that may be in an attacker's hands:
what their types refuse never gets any further."""

Size = Annotated[int, msgspec.Meta(ge=0, le=MAX_FRAME)]

MOST_PASSED = 10_000
"""Stubs and streams in one value."""

SINK_WINDOW = 256 * 1024
"""Bytes that a sink may have sent without their having been taken (flow control, as in HTTP/2)."""

PORT_WINDOW = 256 * 1024
"""Bytes that may be on their way on a port, in each direction, without having been taken."""

MESSAGE_COST = 64
"""Bytes that a message counts beside its own: a million of empty ones is a lot as well."""

INLINE_BODY = 16 * 1024
"""Largest body, in bytes, that rides along with its head instead of staying at the gateway."""


class ProtocolViolation(Exception):
    """A peer sent what no honest one sends: it is broken, or in an attacker's hands."""


class Message(msgspec.Struct, array_like=True, gc=False):
    """Base of all events and commands."""


class Passed(Message):
    """What the bytes of a value can't carry, and where it is: an object that the sender lets others
    call (`export`, in commands only), one that it may call itself (`stub`), or a body: a `stream`,
    a `sink` (in commands only), `bytes`, so many, at the end of the value's, or `none`."""

    kind: Literal["export", "stub", "stream", "sink", "bytes", "none"]
    id: Id


class Call(Message):
    """A method that is to be called, or a property that is to be read."""

    op: Id
    """By which it is answered: in a command the isolate's, in an event the gateway's."""
    after: Size | None
    """The call of the same message, counted from 0, whose result is the target."""
    path: list[str]
    """From the target to the method or the property; empty to call the target itself."""
    size: Size | None
    """Bytes of the arguments, 0 where there are none; null reads the property."""
    passed: Annotated[list[Passed], msgspec.Meta(max_length=MOST_PASSED)]
