"""The bodies of one isolate: streams, which the gateway holds for it, and sinks, which it fills."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.bodies import SinkBody, Stream
from edgewright.gateway.channel import Channel
from edgewright.gateway.coding import is_known
from edgewright.messages import Body, BodyError
from edgewright.protocol.messages import (
    CancelEvent,
    ChunkEvent,
    CreditEvent,
    EndEvent,
    FetchCommand,
    ProtocolViolation,
    RespondCommand,
)
from edgewright.subrequest.upstream import content_length


class BodyTable:
    """Streams and sinks by their ids. `on_freed` is told when a stream that came with a subrequest
    is the isolate's no more."""

    def __init__(self, channel: Channel, *, on_freed: Callable[[ActiveRequest, int], None]) -> None:
        self._channel = channel
        self._on_freed = on_freed
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

    def pull(self, id: int) -> None:
        """The isolate wants the next chunk."""
        stream = self._streams.get(id)
        if stream is None:
            self._channel.post(EndEvent(id, "The body is gone: its request has ended."))
        elif stream.reading is None or stream.reading.done():
            stream.reading = asyncio.get_running_loop().create_task(self._read(id, stream))

    async def _read(self, id: int, stream: Stream) -> None:
        try:
            chunk = await stream.decoded().read()
        except Exception as error:
            self.forget(id)
            known = isinstance(error, BodyError)
            self._channel.post(EndEvent(id, str(error) if known else "internal error"))
            if not known:
                raise
            return
        stream.used = time.perf_counter()
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

    def refuse(self, command: RespondCommand | FetchCommand) -> None:
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
