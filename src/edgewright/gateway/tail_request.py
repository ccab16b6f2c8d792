"""What a tail Worker is told, as a request that it is to handle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.channel import Channel
from edgewright.messages import Request, Response
from edgewright.protocol.messages import TailEvent


class TailRequest(Request):
    """Some finished requests of `told_of`, the Workers, as TraceItems in JSON. `ended` is called
    when nothing of the handler's is left to do."""

    def __init__(
        self,
        worker: str,
        told_of: Sequence[str],
        items: Sequence[bytes],
        ended: Callable[[], None],
    ) -> None:
        super().__init__("TAIL", f"tail://{worker}/{','.join(set(told_of))}", [], for_tail=True)
        self._told_of = tuple(told_of)
        self._items = [msgspec.Raw(item) for item in items]
        self._ended = ended

    def begin(self, active: ActiveRequest, channel: Channel) -> None:
        """Lets it begin in an isolate."""
        active.unsafe = True
        active.head.tell(Response(200, [], None))  # There will be none.
        active.answered = active.started
        if active.trace is not None:
            active.trace.consumed = self._told_of
            active.trace.on_end = self._ended
        channel.post(TailEvent(active.id, self._items))
