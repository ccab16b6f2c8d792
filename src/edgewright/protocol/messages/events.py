"""Events: what goes from the gateway into an isolate."""

from __future__ import annotations

from typing import Any

from edgewright.protocol.messages.parts import Call, Message, Passed


class RequestEvent(Message, tag="request"):
    """A client's request has arrived; the Worker's fetch handler is to answer it."""

    request: int
    method: str
    url: str
    headers: list[str]
    inline: int | None
    stream: int | None
    cf: dict[str, Any] | None
    entrypoint: str | None
    """Which of the Worker's exports is to answer; null is the default one."""
    props: dict[str, Any] | None
    cause: int | None = None
    """The op of this isolate that led to it, by way of other Workers."""
    watch: bool = False
    """The isolate is to tell of its subrequests by CauseCommand and PassedCommand."""


class AbortEvent(Message, tag="abort"):
    """The client of `request` went away: its signal fires and nobody will read the response."""

    request: int


class StopEvent(Message, tag="stop"):
    """The gateway has ended `request`, which went over a limit: nothing of it goes on."""

    request: int
    reason: str


class ResponseEvent(Message, tag="response"):
    """The head of the response to a fetch command. A short body rides along as `inline`."""

    op: int
    status: int
    status_text: str
    headers: list[str]
    url: str
    redirected: bool
    inline: int | None
    stream: int | None
    websocket: int | None
    """What the upstream has switched to (status 101)."""


class ResultEvent(Message, tag="result"):
    """What an operation on a binding gave: `value`, and bytes that ride along (`inline`) or are a
    stream."""

    op: int
    value: Any
    inline: int | None
    stream: int | None


class FailureEvent(Message, tag="failure"):
    """An op failed; its promise rejects with an error of class `name`."""

    op: int
    name: str
    message: str


class ChunkEvent(Message, tag="chunk"):
    """Bytes of a stream, after a pull: one pull, one chunk or end."""

    stream: int
    size: int


class EndEvent(Message, tag="end"):
    """A stream is over: complete, or broken off where `error` says why."""

    stream: int
    error: str | None


class CreditEvent(Message, tag="credit"):
    """The reader of a sink has taken `size` bytes: that many more may be sent."""

    sink: int
    size: int


class CancelEvent(Message, tag="cancel"):
    """The reader of a sink is gone; the isolate cancels the stream behind it."""

    sink: int
    reason: str


class TimerEvent(Message, tag="timer"):
    """A timer has fired."""

    op: int


class MessageEvent(Message, tag="message"):
    """A message has come in on a port: bytes, or the UTF-8 of a text."""

    port: int
    size: int
    text: bool


class CloseEvent(Message, tag="close"):
    """Nothing more will come in on a port. When it is `clean` the other side has said so, and may
    still be spoken to; else the connection is lost."""

    port: int
    code: int
    reason: str
    clean: bool


class GrantEvent(Message, tag="grant"):
    """`size` more bytes may be sent on a port."""

    port: int
    size: int


class ConnectedEvent(Message, tag="connected"):
    """The answer to a connect command, or to a starttls: what comes in is `stream`."""

    op: int
    stream: int
    remote: str
    """Address and port of the other side; `local` those of this one."""
    local: str


class CallEvent(Message, tag="call"):
    """Others call what `request` has exported; where `exported` is null, the request begins by it,
    and the Worker's entrypoint is called. Each call is answered by a ReturnCommand."""

    request: int
    exported: int | None
    entrypoint: str | None
    props: dict[str, Any] | None
    calls: list[Call]
    cause: int | None = None
    """As of a RequestEvent, where the request begins by it."""


class TailEvent(Message, tag="tail"):
    """Requests that have ended, for the Worker's tail handler; `request` is the handler's own, and
    has no response."""

    request: int
    items: Any


class ReturnEvent(Message, tag="return"):
    """The answer to a call: the value, or what was `thrown`."""

    op: int
    size: int
    passed: list[Passed]
    thrown: bool


class ReleaseEvent(Message, tag="release"):
    """Nobody can call what `request` has exported any more."""

    request: int
    exported: int


class CacheEvent(Message, tag="cache"):
    """An op on a cache is done: nothing was found to give out, or to remove (`found` is false), or
    something was removed or stored."""

    op: int
    found: bool


class NativeEvent(Message, tag="native"):
    """A computation that the isolate had its host process do has ended; said by the host, never by
    the gateway. The result is bytes (`inline`) or `value`, or an error of class `error`."""

    op: int
    cpu_ms: float
    """CPU time that it took."""
    inline: int | None
    value: Any
    error: str | None
    message: str


Event = (
    RequestEvent
    | AbortEvent
    | StopEvent
    | ResponseEvent
    | ResultEvent
    | FailureEvent
    | ChunkEvent
    | EndEvent
    | CreditEvent
    | CancelEvent
    | TimerEvent
    | MessageEvent
    | CloseEvent
    | GrantEvent
    | ConnectedEvent
    | CallEvent
    | TailEvent
    | ReturnEvent
    | ReleaseEvent
    | CacheEvent
    | NativeEvent
)
