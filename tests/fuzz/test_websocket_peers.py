"""Clients and upstreams that say what they like over a WebSocket, and in its handshake: whatever it
is, the gateway takes no message that is none or too large, keeps little in memory, and lets go of
the connection. What an honest one says arrives unchanged, however it is cut into pieces."""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from fuzzing import run, search, settled
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import Side

from edgewright.websocket import wire
from edgewright.websocket.handshake import ClientHandshake, accept
from edgewright.websocket.socket import Closed, Message
from edgewright.websocket.wire import WireWebSocket

MOST = 3000
"""Bytes that a message may have here."""

ENDED = 5.0


class Transport(asyncio.Transport):
    """A connection that takes what is written, and shows what becomes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self.reading = True
        self.protocol: asyncio.BaseProtocol | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed, "written to after the end"
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            assert isinstance(self.protocol, asyncio.Protocol)
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None: ...

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


@dataclass(frozen=True)
class Raw:
    """A frame, right or wrong."""

    first: int
    """FIN, the reserved bits and the opcode."""
    masked: bool
    length: int
    """How its length is written: in 7, 16 or 64 bits."""
    claims: int
    """How much more its length says than there is."""
    payload: bytes

    def encode(self) -> bytes:
        size = max(0, len(self.payload) + self.claims)
        mask = 0x80 if self.masked else 0
        if self.length == 7:
            head = bytes([self.first, mask | min(size, 125)])
        elif self.length == 16:
            head = bytes([self.first, mask | 126]) + (size & 0xFFFF).to_bytes(2)
        else:
            head = bytes([self.first, mask | 127]) + (size & (2**64 - 1)).to_bytes(8)
        if not self.masked:
            return head + self.payload
        key = b"\x37\xfa\x21\x3d"
        return head + key + bytes(b ^ key[i % 4] for i, b in enumerate(self.payload))


def deflated(data: bytes) -> bytes:
    pressed = zlib.compressobj(wbits=-12)
    return (pressed.compress(data) + pressed.flush(zlib.Z_SYNC_FLUSH))[:-4]


payloads = st.one_of(
    st.binary(max_size=130),
    st.text(max_size=40).map(str.encode),
    st.sampled_from(
        [
            b"", b"\x03\xe8", b"\x03\xe8bye", b"\x03", b"\x00\x00", b"\x03\xee", b"\xff\xff\xff",
            b"x" * MOST, b"x" * (MOST + 1), deflated(b"x" * MOST), deflated(b"x" * 5_000_000),
            deflated(b"\xff"), b"\xc3", b"\xa9", b"\xed\xa0\x80",
        ]
    ),
)  # fmt: skip
frames = st.builds(
    Raw,
    # Mostly what there is: (un)finished continuations, texts and bytes, and control frames.
    st.one_of(
        st.sampled_from([0x81, 0x82, 0x80, 0x01, 0x02, 0x00, 0x89, 0x8A, 0x88, 0xC1, 0x41, 0xC0]),
        st.integers(0, 255),
    ),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([7, 7, 16, 64]),
    st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1, 2**31, 2**63]),
    payloads,
)
said = st.lists(st.one_of(frames.map(Raw.encode), st.binary(max_size=40)), max_size=12)
cuts = st.lists(st.integers(1, 70), max_size=20)


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    """What is left after the sizes comes at once."""
    cut: list[bytes] = []
    for size in sizes:
        cut.append(data[:size])
        data = data[size:]
    return [piece for piece in [*cut, data] if piece]


def extensions(side: Side, *, compressed: bool) -> list[Extension]:
    """Of the side that is named, as the handshake agrees on them."""
    if not compressed:
        return []
    return [PerMessageDeflate(False, False, 12, 12, {"memLevel": 5})]


@search
@given(said, cuts, st.sampled_from(list(Side)), st.booleans(), st.booleans())
def test_whatever_a_peer_says_it_is_a_message_or_the_end(
    said: list[bytes], cut: list[int], side: Side, compressed: bool, vanishes: bool
) -> None:
    data = b"".join(said)
    run(lambda: _listen(pieces(data, cut), side, compressed=compressed, vanishes=vanishes))


async def _listen(data: list[bytes], side: Side, *, compressed: bool, vanishes: bool) -> None:
    socket = WireWebSocket(side, extensions(side, compressed=compressed), MOST)
    transport = Transport()
    socket.take_over(transport, b"")
    heard: list[Message | Closed] = []
    for piece in data:
        if not transport.closed:
            socket.data_received(piece)
    if vanishes:
        transport.close()
    else:
        await socket.close(1000, "")
        transport.close()  # as it does after a while
    while not heard or isinstance(heard[-1], Message):
        heard.append(await asyncio.wait_for(socket.receive(), ENDED))
    for message in heard[:-1]:
        assert isinstance(message, Message)
        assert len(message.data) <= MOST
        if message.text:
            message.data.decode()
    await settled(lambda: transport.closed)
    await socket.send(Message(b"too late", text=True))
    socket.lose()


@dataclass(frozen=True)
class Honest:
    """A message, and the frames that it comes in."""

    data: bytes
    text: bool
    cuts: tuple[int, ...]
    pings: bool
    """Whether control frames come in between."""

    def frames(self) -> list[Frame]:
        parts = pieces(self.data, list(self.cuts)) or [b""]
        first = Opcode.TEXT if self.text else Opcode.BINARY
        found: list[Frame] = []
        for index, part in enumerate(parts):
            opcode = Opcode.CONT if index else first
            found.append(Frame(opcode, part, fin=index == len(parts) - 1))
            if self.pings:
                found.append(Frame(Opcode.PING, b"there?"))
        return found


messages = st.one_of(
    st.text(max_size=200).map(lambda text: (text.encode(), True)),
    st.binary(max_size=MOST).map(lambda data: (data, False)),
).flatmap(
    lambda message: st.builds(
        Honest,
        st.just(message[0]),
        st.just(message[1]),
        st.lists(st.integers(1, 100), max_size=4).map(tuple),
        st.booleans(),
    )
)


@search
@given(st.lists(messages, max_size=5), cuts, st.sampled_from(list(Side)), st.booleans())
def test_what_an_honest_peer_says_arrives(
    sent: list[Honest], cut: list[int], side: Side, compressed: bool
) -> None:
    run(lambda: _exchange(sent, cut, side, compressed=compressed))


async def _exchange(sent: list[Honest], cut: list[int], side: Side, *, compressed: bool) -> None:
    other = Side.CLIENT if side is Side.SERVER else Side.SERVER
    theirs: Sequence[Extension] = extensions(other, compressed=compressed)
    masked = side is Side.SERVER
    data = b"".join(
        frame.serialize(mask=masked, extensions=theirs)
        for message in sent
        for frame in message.frames()
    )
    data += Frame(Opcode.CLOSE, b"\x0f\xa0over").serialize(mask=masked)
    socket = WireWebSocket(side, extensions(side, compressed=compressed), MOST)
    transport = Transport()
    socket.take_over(transport, b"")
    for piece in pieces(data, cut):
        socket.data_received(piece)
    for message in sent:
        assert await socket.receive() == Message(message.data, message.text)
    assert await socket.receive() == Closed(4000, "over")
    await socket.close(4000, "over")
    transport.close()
    await settled(lambda: transport.closed)


async def test_what_nobody_takes_stops_the_peer() -> None:
    for frame in (Raw(0x82, True, 7, 0, b""), Raw(0x82, True, 16, 0, b"x" * 1000)):
        socket = WireWebSocket(Side.SERVER, [], MOST)
        transport = Transport()
        socket.take_over(transport, b"")
        taken = 0
        while transport.reading and taken < 1_000_000:
            socket.data_received(frame.encode())
            taken += 1
        assert taken * (len(frame.payload) + 32) < 2 * wire.BUFFER
        while not transport.reading:
            await socket.receive()
        transport.close()


async def test_fragments_without_end_are_no_more_than_their_bytes() -> None:
    socket = WireWebSocket(Side.SERVER, [], MOST)
    transport = Transport()
    socket.take_over(transport, Raw(0x02, True, 7, 0, b"").encode())
    empty = Raw(0x00, True, 7, 0, b"").encode() * 10_000
    before = _resident()
    for _ in range(20):
        socket.data_received(empty)
    assert _resident() - before < 20 << 20
    socket.data_received(Raw(0x80, True, 7, 0, b"end").encode())
    assert await socket.receive() == Message(b"end", text=False)
    transport.close()


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


fields = st.lists(
    st.tuples(
        st.sampled_from(
            ["upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "host",
             "sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-protocol", "x"]
        ),
        st.one_of(
            st.text(st.characters(max_codepoint=255), max_size=20),
            st.sampled_from(
                ["websocket", "Upgrade", "13", "dGhlIHNhbXBsZSBub25jZQ==", "permessage-deflate",
                 "permessage-deflate; client_max_window_bits=8", "permessage-deflate; a=\"", ",,;",
                 "permessage-deflate; server_max_window_bits=99, permessage-deflate", "a, b", "=="]
            ),
        ),
    ),
    max_size=8,
)  # fmt: skip
GOOD = [
    ("upgrade", "websocket"),
    ("connection", "Upgrade"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-version", "13"),
]


@search
@given(st.sampled_from(["GET", "POST"]), fields, fields, st.booleans())
def test_whatever_a_client_asks_for_it_is_answered(
    method: str, asked: list[tuple[str, str]], answered: list[tuple[str, str]], good: bool
) -> None:
    headers = [*(GOOD if good else []), *asked]
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    response = [part for field in answered for part in field]
    accepted = accept(method, encoded, response, MOST)
    assert accepted.status in (101, 400, 405, 426, 500)
    assert (accepted.socket is not None) == (accepted.status == 101)
    names = [name for name, _ in accepted.headers]
    if accepted.socket is not None:
        for name in (b"upgrade", b"connection", b"sec-websocket-accept"):
            assert names.count(name) == 1


@search
@given(fields, st.booleans())
def test_whatever_an_upstream_answers_is_a_websocket_or_a_failure(
    answered: list[tuple[str, str]], good: bool
) -> None:
    handshake = ClientHandshake(MOST)
    sent: dict[str, Any] = dict(
        line.split(": ", 1) for line in handshake.lines().splitlines() if line
    )
    assert set(sent) >= {"upgrade", "connection", "sec-websocket-key", "sec-websocket-version"}
    headers = [*(GOOD[:2] if good else []), *answered]
    with pytest.raises(ValueError, match=r"header|multiple"):  # it can't know the key
        handshake.agree([part for field in headers for part in field])
