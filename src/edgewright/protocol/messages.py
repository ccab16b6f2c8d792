"""The turn's vocabulary: events go into an isolate, commands come out of it.

A message is a JSON array whose first element names it, so that V8's own parser reads it and a
person can too. `runtime/src/protocol.ts` mirrors this file; a test fails when they drift.

Conventions:
- `headers` is flat: name, value, name, value. Names are lower case; values are byte strings
  (Latin-1), as the Fetch standard has them.
- Bytes never go into the JSON. A message that carries bytes says how many (`inline`, `size`), and
  they stand in the frame's attachments, in the order of the messages.
- Ids of requests and streams are the gateway's, ids of ops and sinks are the isolate's. A *stream*
  is a body that the gateway holds; a *sink* is a body that the isolate produces. In the same way, a
  *websocket* is one that the gateway holds; a *port* is one that the isolate speaks on itself, and
  its id is the isolate's.
- A body is told by at most one of `inline` (bytes beside this message), `stream` and `sink`; when
  all are null there is no body at all (which is not the same as an empty one).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from edgewright.protocol.framing import MAX_FRAME

Id = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
"""As JavaScript's numbers have it. Commands come from processes that may be in an attacker's hands:
what their types refuse never gets any further."""

Size = Annotated[int, msgspec.Meta(ge=0, le=MAX_FRAME)]

MOST_PASSED = 10_000
"""Stubs and streams in one value."""


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


# --- Events: gateway → isolate -------------------------------------------------------------------


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
    | ReturnEvent
    | ReleaseEvent
    | CacheEvent
    | NativeEvent
)


# --- Commands: isolate → gateway -----------------------------------------------------------------


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


class TurnResult(Message):
    """What a turn gives back."""

    spent: list[float]
    """Request, share, request, share …: how the turn's CPU time divides between requests."""
    commands: list[Command]


_decode_result = msgspec.json.Decoder(TurnResult).decode


class ProtocolViolation(Exception):
    """A peer sent what no honest one sends: it is broken, or in an attacker's hands."""


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


SINK_WINDOW = 256 * 1024
"""Bytes that a sink may have sent without their having been taken (flow control, as in HTTP/2)."""

PORT_WINDOW = 256 * 1024
"""Bytes that may be on their way on a port, in each direction, without having been taken."""

MESSAGE_COST = 64
"""Bytes that a message counts beside its own: a million of empty ones is a lot as well."""

INLINE_BODY = 16 * 1024
"""Largest body, in bytes, that rides along with its head instead of staying at the gateway."""


# --- Starting a host ----------------------------------------------------------------------------


class HostReady(msgspec.Struct, frozen=True):
    """The first word of a host, on its control socket, before any Worker's code is in it."""

    missing: dict[str, str]
    """Layers of its sandbox that this machine lacks, and why."""


# --- Loading a Worker into an isolate ------------------------------------------------------------


class Load(msgspec.Struct, frozen=True):
    """First frame to an isolate: the code that it is to run."""

    main: str
    """Specifier of the entry module."""
    modules: dict[str, str]
    """Specifier (`worker:/src/index.js`) → source of an ES module."""
    services: list[str]
    """Names of the service bindings."""
    vars: dict[str, Any]
    """The plain bindings: of `env`, or in the classic form the globals."""
    classic: bool
    """The Worker exports nothing: it calls addEventListener("fetch", …)."""
    startup_cpu_ms: int
    """The limits that hold inside the isolate; what they mean is said in config/limits.py."""
    cpu_ms: int
    memory_mb: int
    live_clock: bool = False
    """Time passes while code runs, which it else does not."""
    watch_promises: bool = False
    """A hung request tells where its code waits, for which promises are ten times as slow."""
    flags: list[str] = []
    """The compatibility flags that are on (config/compatibility.py)."""
    bindings: dict[str, str] = {}
    """Bindings that are more than a value: name → kind, which is the lazy script that makes the
    object in `env`."""
    websocket_message: int = 1 << 20
    """Bytes that a WebSocket's message may have."""
    assets: list[AssetHead] = []
    """The modules that are no ES modules. Their bytes are the frame's attachments, in this
    order."""


class AssetHead(msgspec.Struct, frozen=True):
    """A module that is no ES module, without its bytes."""

    specifier: str
    kind: str
    """A ModuleKind, see config/module_rules.py."""
    size: int
    imports: tuple[str, ...] = ()
    """Of a CommonJS module: the ES modules that have to be evaluated before it."""


class Loaded(msgspec.Struct, frozen=True):
    """The isolate's answer: ready, or why not."""

    error: LoadError | None = None
    entrypoints: list[str] = []
    """Names of the exports that may be called."""


class LoadError(msgspec.Struct, frozen=True):
    """Why a Worker could not start. Positions are 1-based; 0 where the engine tells none."""

    name: str
    message: str
    stack: str = ""
    specifier: str = ""
    line: int = 0
    column: int = 0
