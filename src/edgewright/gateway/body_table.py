"""The bodies of one isolate: streams, which the gateway holds for it, and sinks, which it fills."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.bodies import HeldBody, SinkBody, Stream
from edgewright.gateway.channel import Channel
from edgewright.gateway.coding import is_known
from edgewright.messages import Body, BodyError
from edgewright.protocol.messages import (
    SINK_WINDOW,
    CachePutCommand,
    CancelEvent,
    ChunkEvent,
    CreditEvent,
    EndEvent,
    FetchCommand,
    OperateCommand,
    ProtocolViolation,
    RespondCommand,
)
from edgewright.subrequest.upstream import content_length, header

MOST_HELD = 256 << 20
"""Bytes of bodies that an isolate has produced and nobody has taken."""


class BodyTable:
    """Streams and sinks by their ids. `on_freed` is told when a stream that came with a subrequest
    is the isolate's no more, and `on_too_much` when more than the isolate may have is held for it.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        on_freed: Callable[[ActiveRequest, int], None],
        on_too_much: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._on_freed = on_freed
        self._on_too_much = on_too_much
        self._held = 0
        """Bytes of large bodies that came in one piece."""
        self._streams: dict[int, Stream] = {}
        self._sinks: dict[int, SinkBody] = {}
        self._last_stream = 0

    def stream(self, id: int) -> Stream | None:
        """A stream that the isolate has."""
        return self._streams.get(id)

    def is_open(self, sink: int | None) -> bool:
        """Whether the isolate is still to fill a sink."""
        return sink in self._sinks

    def push(self, sink: int, chunk: bytes) -> None:
        """Bytes from the isolate. Raises ProtocolViolation."""
        if body := self._sinks.get(sink):
            if body.full:
                raise ProtocolViolation(f"sink {sink} sends without credit")
            body.push(chunk)
            if body.held > SINK_WINDOW:
                self._hold(0)

    def response_body(self, data: bytes) -> bytes | Body:
        """A body that came in one piece: a response's, or a value that was read."""
        if len(data) <= SINK_WINDOW:
            return data
        self._hold(len(data))
        return HeldBody(data, partial(self._free, len(data)))

    def upload(
        self,
        active: ActiveRequest,
        command: FetchCommand | OperateCommand | CachePutCommand,
        inline: bytes,
        headers: list[str],
    ) -> tuple[bytes | Body | None, bool]:
        """The body that an op takes along, and whether it is still in the content coding that the
        headers name. What came in one piece is kept until uploaded(). Raises BodyError and
        ProtocolViolation."""
        if command.inline is not None:
            self.hold_upload(active, command.op, inline)
            return inline, False
        if command.sink is not None:
            return self.open_sink(command.sink, headers), False
        if command.stream is not None:
            return self.hand_over(command.stream, header(headers, "content-encoding"))
        return None, False

    def hold_upload(self, active: ActiveRequest, op: int, data: bytes) -> None:
        """A subrequest's body that came in one piece is kept, until uploaded(): a redirect may ask
        for it again."""
        if len(data) > SINK_WINDOW:
            active.uploads[op] = len(data)
            self._hold(len(data))

    def hold_more(self, active: ActiveRequest, op: int, size: int) -> None:
        """More of a body has come that is kept, until uploaded()."""
        active.uploads[op] = active.uploads.get(op, 0) + size
        self._hold(size)

    def uploaded(self, active: ActiveRequest, op: int) -> None:
        """A subrequest's body is needed no more."""
        if size := active.uploads.pop(op, 0):
            self._free(size)

    def _hold(self, size: int) -> None:
        """The isolate's memory is bounded, and here is where it could be stored instead."""
        self._held += size
        if self._held + sum(sink.held for sink in self._sinks.values()) > MOST_HELD:
            self._on_too_much()

    def _free(self, size: int) -> None:
        self._held -= size

    def end(self, sink: int, error: str | None) -> None:
        """The isolate has filled a sink, or broke off."""
        if body := self._sinks.pop(sink, None):
            body.end(error)

    def break_off(self, reason: str) -> None:
        """The isolate is gone."""
        for sink in self._sinks.values():
            sink.end(reason)
        self._sinks.clear()

    def keep(self, active: ActiveRequest, body: Body, coding: str | None = None) -> int:
        """Keeps a body for an isolate, which may pull it or pass it on: the id of its stream."""
        self._last_stream += 1
        known = coding.lower() if coding is not None and is_known(coding) else None
        self._streams[self._last_stream] = Stream(active, body, known)
        active.streams.add(self._last_stream)
        return self._last_stream

    def pull(self, id: int, gather: bool = False) -> None:
        """The isolate wants the next chunk; a large one, to `gather` the body in few turns."""
        stream = self._streams.get(id)
        if stream is None:
            self._channel.post(EndEvent(id, "The body is gone: its request has ended."))
        elif stream.reading is None or stream.reading.done():
            stream.reading = asyncio.get_running_loop().create_task(self._read(id, stream, gather))

    async def _read(self, id: int, stream: Stream, gather: bool) -> None:
        try:
            chunk = await stream.read(SINK_WINDOW if gather else 1)
        except Exception as error:
            self.forget(id)
            known = isinstance(error, BodyError)
            self._channel.post(EndEvent(id, str(error) if known else "internal error"))
            if not known:
                raise
            return
        if chunk:
            self._channel.post(ChunkEvent(id, len(chunk)), chunk)
        else:
            self.forget(id)
            self._channel.post(EndEvent(id, None))

    def hand_over(self, id: int, coding: str | None) -> tuple[Body, bool]:
        """Takes a stream from its isolate, to be piped where the isolate said; and whether it is
        still in the coding `coding`, which is what the receiver is told. Raises BodyError."""
        stream = self.forget(id)
        if stream is None:
            raise BodyError("The body has been read or its request has ended.")
        if stream.coding is not None and coding is not None and stream.coding == coding.lower():
            return stream.body, True
        return stream.decoded(), False

    def open_sink(self, id: int, headers: list[str]) -> SinkBody:
        """What the isolate will fill. Raises ProtocolViolation."""
        if id in self._sinks:
            raise ProtocolViolation(f"sink {id} has a reader")

        def cancel() -> None:
            self._sinks.pop(id, None)
            self._channel.post(CancelEvent(id, "The client has disconnected."))

        sink = SinkBody(
            content_length(headers),
            on_taken=lambda size: self._channel.post(CreditEvent(id, size)),
            on_cancel=cancel,
        )
        self._sinks[id] = sink
        return sink

    def is_whole(self, active: ActiveRequest) -> bool:
        """Whether no byte of the request's body was given away."""
        if active.body_stream is None:
            return True
        stream = self._streams.get(active.body_stream)
        return stream is not None and stream.reading is None

    def take_back(self, active: ActiveRequest) -> None:
        """Takes the request's body back from the isolate if no byte of it was given away."""
        if self.is_whole(active):
            if active.body_stream is not None:
                self.forget(active.body_stream)
            active.body_is_whole = True

    def refuse(
        self, command: RespondCommand | FetchCommand | CachePutCommand | OperateCommand
    ) -> None:
        """Nobody is there to take it."""
        if command.stream is not None:
            self.drop(command.stream)
        if command.sink is not None and command.sink not in self._sinks:
            self._channel.post(CancelEvent(command.sink, "Nobody reads this body."))

    def drop(self, id: int) -> None:
        """Nobody will read a stream (any more)."""
        if stream := self.forget(id):
            stream.discard()

    def forget(self, id: int) -> Stream | None:
        """Takes a stream away from the isolate."""
        stream = self._streams.pop(id, None)
        if stream is not None:
            stream.owner.streams.discard(id)
            if stream.op is not None:
                self._on_freed(stream.owner, stream.op)
        return stream
