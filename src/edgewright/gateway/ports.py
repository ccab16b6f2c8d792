"""WebSockets of one isolate: those that the gateway holds, and the ports that it speaks on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.channel import Channel
from edgewright.messages import BodyError
from edgewright.protocol.messages import (
    MESSAGE_COST,
    PORT_WINDOW,
    AcceptCommand,
    CloseCommand,
    CloseEvent,
    Event,
    GrantCommand,
    GrantEvent,
    MessageCommand,
    MessageEvent,
    ProtocolViolation,
    RespondCommand,
)
from edgewright.websocket.handshake import is_upgrade
from edgewright.websocket.socket import (
    GOING_AWAY,
    LOST,
    TOO_LARGE,
    Closed,
    Message,
    WebSocket,
    pipe,
)

_GRANT_AT = PORT_WINDOW // 4
"""Bytes taken from the isolate after which it is told so: not for each message."""

MAX_PORTS = 10_000
"""Open at a time, for one isolate."""


class Port:
    """The isolate's side of a WebSocket (see there): what it sends is received."""

    def __init__(self, id: int, channel: Channel, most: int, on_over: Callable[[], None]) -> None:
        self.outside = False
        """Whether it is no isolate that speaks to this one."""
        self._id = id
        self._most = most
        self._channel = channel
        self._on_over = on_over
        self._said: deque[Message | Closed] = deque()
        self._held = 0
        self._taken = 0
        """Bytes that the isolate has not been told of."""
        self._reader: asyncio.Future[None] | None = None
        self._credit = 0
        self._writer: asyncio.Future[None] | None = None
        self._gone = asyncio.Event()
        self._closed_in = False
        """Nothing more comes from here; `_closed_out`: nor from the other side, which the isolate
        was told."""
        self._closed_out = False
        self._over = False
        """The isolate has closed its side, or will not be asked to."""

    # --- From the isolate -------------------------------------------------------------------------

    def push(self, message: Message) -> None:
        """Raises ProtocolViolation."""
        if self._closed_in:  # by us, which the isolate may not have heard
            return
        if self._held >= PORT_WINDOW:
            raise ProtocolViolation(f"port {self._id} sends without grant")
        self._held += len(message.data) + MESSAGE_COST
        self._say(message)

    def closed(self, code: int, reason: str) -> None:
        self._over = True
        if not self._closed_in:
            self._say(Closed(code, reason))
        self._look_over()

    def grant(self, size: int) -> None:
        self._credit += size
        _wake(self._writer)

    # --- WebSocket --------------------------------------------------------------------------------

    async def receive(self) -> Message | Closed:
        while not self._said:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        first = self._said[0]
        if isinstance(first, Closed):
            return first  # stays: there is nothing after it
        self._said.popleft()
        size = len(first.data) + MESSAGE_COST
        self._held -= size
        self._taken += size
        if self._taken >= _GRANT_AT and not self._closed_in:
            self._channel.post(GrantEvent(self._id, self._taken))
            self._taken = 0
        return first

    async def send(self, message: Message) -> None:
        if len(message.data) > self._most:
            self._tell(TOO_LARGE)
            self.break_off(TOO_LARGE)
        await self._until_wanted()
        if not self._closed_out:
            self.outside = message.outside
            self._credit -= len(message.data) + MESSAGE_COST
            self._channel.post(
                MessageEvent(self._id, len(message.data), message.text), message.data
            )

    async def close(self, code: int, reason: str) -> None:
        await self._until_wanted()  # as the messages before it
        self._tell(Closed(code, reason))

    async def gone(self) -> None:
        await self._gone.wait()

    def lose(self, why: Closed = LOST) -> None:
        """Also for an isolate that has been told that the other side has closed: it may still want
        to speak."""
        if self._over and self._closed_out:
            return
        self._channel.post(CloseEvent(self._id, why.code, why.reason, False))
        self.break_off(LOST)

    # --- From the gateway -------------------------------------------------------------------------

    def go_away(self) -> None:
        """The isolate is to be left: both sides are told to close."""
        self._tell(Closed(GOING_AWAY))
        if not self._closed_in:
            self._say(Closed(GOING_AWAY))

    def break_off(self, why: Closed) -> None:
        """The isolate speaks no more, and doesn't listen either."""
        self._over = self._closed_out = True
        self._gone.set()
        _wake(self._writer)
        if not self._closed_in:
            self._say(why)
        self._look_over()

    async def _until_wanted(self) -> None:
        while self._credit <= 0 and not self._closed_out:
            self._writer = asyncio.get_running_loop().create_future()
            await self._writer

    def _tell(self, closed: Closed) -> None:
        if not self._closed_out:
            self._closed_out = True
            self._channel.post(CloseEvent(self._id, closed.code, closed.reason, closed.clean))
            _wake(self._writer)
            self._look_over()

    def _say(self, item: Message | Closed) -> None:
        self._closed_in = isinstance(item, Closed)
        self._said.append(item)
        _wake(self._reader)

    def _look_over(self) -> None:
        if self._over and self._closed_out:
            self._on_over()


class PortTable:
    """By their ids: held websockets have the gateway's, ports the isolate's. A message may have
    `most` bytes, be it for the isolate or from it."""

    def __init__(self, channel: Channel, most: int) -> None:
        self._channel = channel
        self._most = most
        self._held: dict[int, tuple[ActiveRequest, WebSocket]] = {}
        self._last_held = 0
        self._ports: dict[int, tuple[ActiveRequest, Port]] = {}
        self._pipes: set[asyncio.Task[None]] = set()

    def is_open(self, port: int | None) -> bool:
        return port in self._ports

    def spoken_to(self, events: Sequence[Event]) -> frozenset[ActiveRequest]:
        """The requests that are open WebSockets, and that one of these events brings a message from
        outside. What an isolate says to another is none: the two could go on like that forever."""
        if not self._ports:
            return frozenset()
        found = [self._ports.get(event.port) for event in events if type(event) is MessageEvent]
        return frozenset(
            owner
            for owner, port in filter(None, found)
            if port.outside and owner.port in self._ports
        )

    def hold(self, active: ActiveRequest, socket: WebSocket) -> int:
        """Keeps a websocket for an isolate, which may accept it or pass it on: its id."""
        self._last_held += 1
        active.sockets = True
        self._held[self._last_held] = (active, socket)
        return self._last_held

    def accept(self, active: ActiveRequest, command: AcceptCommand) -> None:
        """Raises ProtocolViolation."""
        port = self._open(active, command.port)
        socket = self._take(command.websocket)
        if socket is None:
            port.lose()
            return
        active.unsafe = True  # what it says there can't be unsaid
        task = asyncio.get_running_loop().create_task(pipe(socket, port))
        self._pipes.add(task)
        task.add_done_callback(self._pipes.discard)

    def may_answer(self, active: ActiveRequest, command: RespondCommand) -> bool:
        """Whether the response is a WebSocket. Raises ValueError where it must not be."""
        if command.websocket is None and command.port is None:
            return False
        if command.status != 101 or not is_upgrade(active.request.headers):
            raise ValueError("This request did not ask for a WebSocket.")
        return True

    def answer(self, active: ActiveRequest, command: RespondCommand) -> WebSocket | None:
        """What a client is to be connected with. Raises BodyError and ProtocolViolation."""
        if command.websocket is not None:
            socket = self._take(command.websocket)
            if socket is None:
                raise BodyError("The WebSocket has been accepted, or its request has ended.")
            return socket
        if command.port is None:
            return None
        active.port = command.port
        return self._open(active, command.port)

    def refuse(self, command: RespondCommand) -> None:
        """Nobody is there to take it."""
        if command.websocket is not None and (socket := self._take(command.websocket)) is not None:
            socket.lose()
        if command.port is not None and command.port not in self._ports:
            self._channel.post(CloseEvent(command.port, LOST.code, LOST.reason, False))

    def push(self, command: MessageCommand, data: bytes) -> None:
        """Raises ProtocolViolation."""
        if len(data) > self._most:
            raise ProtocolViolation(f"a message of {len(data)} bytes")
        if command.text:
            try:
                data.decode()
            except UnicodeDecodeError as error:
                raise ProtocolViolation("a text that is not UTF-8") from error
        if port := self._port(command.port):
            port.push(Message(data, command.text))

    def close(self, command: CloseCommand) -> None:
        """Raises ProtocolViolation."""
        if command.code in (1004, 1006, 1015) or len(command.reason.encode(errors="replace")) > 123:
            raise ProtocolViolation("it closes a WebSocket in a way that there is not")
        if port := self._port(command.port):
            port.closed(command.code, command.reason)

    def grant(self, command: GrantCommand) -> None:
        if port := self._port(command.port):
            port.grant(command.size)

    def end(self, active: ActiveRequest) -> None:
        """The request has ended, and what is left of its sockets with it."""
        for id, (owner, socket) in list(self._held.items()):
            if owner is active:
                del self._held[id]
                socket.lose()
        for owner, port in list(self._ports.values()):
            if owner is active:
                port.break_off(LOST)

    def go_away(self) -> None:
        """The isolate is replaced: others speak from now on."""
        for _, port in list(self._ports.values()):
            port.go_away()

    def break_off(self, why: Closed) -> None:
        """The isolate has ended."""
        for task in self._pipes:
            task.cancel()
        for _, port in list(self._ports.values()):
            port.break_off(why)
        for _, socket in self._held.values():
            socket.lose()
        self._held.clear()

    def _port(self, id: int) -> Port | None:
        """None where it is over, which the isolate may not have heard."""
        found = self._ports.get(id)
        return None if found is None else found[1]

    def _open(self, active: ActiveRequest, id: int) -> Port:
        if id in self._ports or len(self._ports) >= MAX_PORTS:
            raise ProtocolViolation(f"port {id} can't be opened")
        active.sockets = True
        port = Port(id, self._channel, self._most, lambda: self._forget(id))
        self._ports[id] = (active, port)
        return port

    def _forget(self, id: int) -> None:
        self._ports.pop(id, None)

    def _take(self, id: int) -> WebSocket | None:
        found = self._held.pop(id, None)
        return None if found is None else found[1]


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
