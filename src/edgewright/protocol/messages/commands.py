"""Commands: what an isolate asks the gateway for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from edgewright.protocol.messages.parts import MOST_PASSED, Call, Id, Message, Passed, Size


class FetchCommand(Message, tag="fetch"):
    """Make a subrequest for `request`; answered by a ResponseEvent or a FailureEvent."""

    request: Id
    op: Id
    method: str
    url: str
    headers: list[str]
    inline: Size | None
    stream: Id | None
    sink: Id | None
    redirect: Literal["follow", "manual", "error"]
    cf: dict[str, Any] | None
    service: str | None
    """The service binding whose Worker is to answer; null for the network."""
    entrypoint: str | None
    """The Worker's own export that is to answer, with `props`; null for the network."""
    props: dict[str, Any] | None


class CauseCommand(Message, tag="cause"):
    """Where and why a watched request made the subrequest `op`, told after its FetchCommand."""

    request: Id
    op: Id
    at: str
    """`worker:/index.js:3:9`, or empty where that is not known."""
    cause: Id | None
    """The op in whose response's event it was made: the code had waited for that."""
    unread: list[Id]
    """The ops whose responses had come and of which nothing had been looked at."""
    known: Id
    """How often the request had got to know anything by then, those responses left out."""
    signal: bool
    """A signal was given that may end it."""


class PassedCommand(Message, tag="passed"):
    """A watched request has read the body of the response to `op` whole, and sent the same on."""

    request: Id
    op: Id
    form: str
    """What it was read as."""
    length: int
    """Characters or bytes."""


class OperateCommand(Message, tag="operate"):
    """Perform an operation on a binding, for `request`; answered by a ResultEvent or a
    FailureEvent. Each kind of binding has its methods and their arguments."""

    request: Id
    op: Id
    binding: str
    """Its name in `env`."""
    method: str
    arguments: Any
    inline: Size | None
    stream: Id | None
    sink: Id | None


class AbortCommand(Message, tag="abort"):
    """Give up an op: its subrequest is cancelled and no event will be looked at."""

    op: Id


class CacheMatchCommand(Message, tag="cacheMatch"):
    """Look for a response in one of the Worker's caches (null is `caches.default`); answered by a
    ResponseEvent, a CacheEvent or a FailureEvent."""

    request: Id
    op: Id
    cache: str | None
    url: str
    headers: list[str]


class CachePutCommand(Message, tag="cachePut"):
    """Store a response in one of the Worker's caches; answered by a CacheEvent or a
    FailureEvent."""

    request: Id
    op: Id
    cache: str | None
    url: str
    request_headers: list[str]
    status: int
    status_text: str
    headers: list[str]
    inline: Size | None
    stream: Id | None
    sink: Id | None
    encoded: bool
    """As of a RespondCommand."""


class CacheDeleteCommand(Message, tag="cacheDelete"):
    """Remove a response from one of the Worker's caches; answered by a CacheEvent or a
    FailureEvent."""

    request: Id
    op: Id
    cache: str | None
    url: str


class RespondCommand(Message, tag="respond"):
    """The answer to `request`."""

    request: Id
    status: int
    status_text: str
    headers: list[str]
    inline: Size | None
    stream: Id | None
    sink: Id | None
    encoded: bool
    """The bytes are already in the Content-Encoding that the headers name (encodeBody: "manual");
    otherwise the gateway encodes what the isolate produced."""
    websocket: Id | None
    """What the client is to be connected with (status 101); or `port`, a new one."""
    port: Id | None


class FailCommand(Message, tag="fail"):
    """The handler of `request` threw, rejected, or answered with something impossible."""

    request: Id
    outcome: str
    """One of the platform's outcomes: "exception" or "exceededCpu"."""
    name: str
    message: str
    stack: str
    pass_through: bool
    """ctx.passThroughOnException() was called: the gateway sends the request to its origin."""


class DoneCommand(Message, tag="done"):
    """Nothing of `request` is left to do: the handler and all of waitUntil have settled."""

    request: Id


class PullCommand(Message, tag="pull"):
    """Send the next chunk of a stream; a large one, with `gather`, as nobody looks at it before the
    whole body is there."""

    stream: Id
    gather: bool = False


class DiscardCommand(Message, tag="discard"):
    """Nobody will read this stream (any more)."""

    stream: Id


class ChunkCommand(Message, tag="chunk"):
    """Bytes that a sink produced. At most SINK_WINDOW bytes may be on the way without credit."""

    sink: Id
    size: Size


class EndCommand(Message, tag="end"):
    """A sink is over: complete, or broken off where `error` says why."""

    sink: Id
    error: str | None


class TimerCommand(Message, tag="timer"):
    """Fire `op` after `delay` milliseconds, once. `own` timers are the runtime layer's and not the
    Worker's: nobody is told of them."""

    request: Id
    op: Id
    delay: float
    own: bool = False


class ClearCommand(Message, tag="clear"):
    """The timer `op` is not wanted any more."""

    op: Id


class AcceptCommand(Message, tag="accept"):
    """From now on, the isolate itself speaks with a websocket that the gateway held, on a new
    port."""

    request: Id
    websocket: Id
    port: Id


class MessageCommand(Message, tag="message"):
    """A message for the other side: bytes, or the UTF-8 of a text. At most PORT_WINDOW bytes may be
    on the way without grant, each message with MESSAGE_COST bytes more than it has."""

    port: Id
    size: Size
    text: bool


class CloseCommand(Message, tag="close"):
    """The isolate sends no more messages on a port. The code is 1005 where none is to be sent."""

    port: Id
    code: Annotated[int, msgspec.Meta(ge=1000, le=4999)]
    reason: Annotated[str, msgspec.Meta(max_length=123)]


class GrantCommand(Message, tag="grant"):
    """The isolate takes `size` more bytes on a port. At first it takes none."""

    port: Id
    size: Size


class ConnectCommand(Message, tag="connect"):
    """Open a TCP connection; answered by a ConnectedEvent or a FailureEvent. What the isolate sends
    is `sink`."""

    request: Id
    op: Id
    host: Annotated[str, msgspec.Meta(max_length=255, pattern=r"^[!-~]+\Z")]
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)]
    tls: bool
    sink: Id


class StartTlsCommand(Message, tag="starttls"):
    """Speak TLS from now on, on the connection that `socket`, a connect command's op, has opened.
    Its stream and its sink are over, and `op` is answered as that of a connect command. All that
    the old sink was to send has been sent before."""

    request: Id
    op: Id
    socket: Id
    host: Annotated[str, msgspec.Meta(max_length=255)]
    """The name that the certificate must be for."""
    sink: Id


class LogCommand(Message, tag="log"):
    """A line of console output; `request` is null for what runs at start-up."""

    request: Id | None
    level: Literal["debug", "info", "log", "warn", "error"]
    message: str


class CallCommand(Message, tag="call"):
    """Call the Worker behind a binding, an export of the own one (`entrypoint`), or what `stub`
    stands for. Each call is answered by a ReturnEvent or a FailureEvent."""

    request: Id
    service: str | None
    entrypoint: str | None
    props: dict[str, Any] | None
    stub: Id | None
    calls: list[Call]


class ReturnCommand(Message, tag="return"):
    """The answer to a call: the value, or what was `thrown`, which the log wants to know."""

    request: Id
    call: Id
    size: Size
    passed: Annotated[list[Passed], msgspec.Meta(max_length=MOST_PASSED)]
    thrown: bool
    name: str
    message: str
    stack: str


class ReleaseCommand(Message, tag="release"):
    """The isolate will not call `stub` any more."""

    stub: Id


class GoneCommand(Message, tag="gone"):
    """The isolate is over; said by the host process, not by the code in it, as its last word."""

    outcome: str
    message: str
    process: bool
    """The whole process ends with it, as nothing else stops the code that runs."""


Command = (
    FetchCommand
    | CauseCommand
    | PassedCommand
    | OperateCommand
    | CacheMatchCommand
    | CachePutCommand
    | CacheDeleteCommand
    | AbortCommand
    | RespondCommand
    | FailCommand
    | DoneCommand
    | PullCommand
    | DiscardCommand
    | ChunkCommand
    | EndCommand
    | TimerCommand
    | ClearCommand
    | AcceptCommand
    | MessageCommand
    | CloseCommand
    | GrantCommand
    | ConnectCommand
    | StartTlsCommand
    | LogCommand
    | CallCommand
    | ReturnCommand
    | ReleaseCommand
    | GoneCommand
)
