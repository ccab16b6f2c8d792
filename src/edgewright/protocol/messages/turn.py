"""What a turn gives back, and how it is read."""

from __future__ import annotations

import msgspec

from edgewright.protocol.messages.commands import (
    CachePutCommand,
    CallCommand,
    ChunkCommand,
    Command,
    FetchCommand,
    MessageCommand,
    OperateCommand,
    RespondCommand,
    ReturnCommand,
)
from edgewright.protocol.messages.parts import Message, ProtocolViolation


class TurnResult(Message):
    """What a turn gives back."""

    spent: list[float]
    """Request, share, request, share …: how the turn's CPU time divides between requests."""
    commands: list[Command]


_decode_result = msgspec.json.Decoder(TurnResult).decode


def decode_result(json: bytes) -> TurnResult:
    """What an isolate says of a turn. Raises ProtocolViolation when that makes no sense."""
    try:
        return _decode_result(json)
    # The last two come out of msgspec as well: for strings that are not UTF-8, and for JSON that
    # is nested too deep.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolViolation(str(error)) from error


def attachment_size(command: Command) -> int:
    """How many of the frame's attached bytes are the command's."""
    if isinstance(command, _WITH_INLINE):
        return command.inline or 0
    if isinstance(command, _WITH_BYTES):
        return command.size
    if isinstance(command, CallCommand):
        return sum(call.size or 0 for call in command.calls)
    return 0


_WITH_INLINE = (RespondCommand, FetchCommand, OperateCommand, CachePutCommand)
_WITH_BYTES = (ChunkCommand, MessageCommand, ReturnCommand)
