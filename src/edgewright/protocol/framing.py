"""Frames on the socket between gateway and isolate: a head of fixed size, JSON, attachments."""

from __future__ import annotations

import struct

HEAD = struct.Struct("<IIQ")
"""Length of the JSON, length of the attachments, CPU time of the turn in nanoseconds (commands
only, else 0)."""

MAX_FRAME = 256 * 1024 * 1024
"""Bytes; a peer that announces more is lying or broken."""

MAX_COMMANDS = 32 * 1024 * 1024
"""Bytes of JSON that an isolate may say in a turn: the gateway has to read it in one go, and others
wait meanwhile."""

WAKE = HEAD.pack(0, 0, 0)
"""An empty frame: the isolate asks for a turn, as it has commands that no event caused (promises of
import() and WebAssembly settle between turns)."""


class FrameError(ValueError):
    """The peer sent something that is no frame."""


class FrameDecoder:
    """Cuts a byte stream into frames.

    Feed it what the socket gave; it yields (json, attachments, cpu_ns) for each complete frame.
    `most_json` bounds a frame's JSON.
    """

    __slots__ = ("_buffer", "_most_json")

    def __init__(self, most_json: int = MAX_FRAME) -> None:
        self._buffer = bytearray()
        self._most_json = most_json

    def feed(self, data: bytes) -> list[tuple[bytes, bytes, int]]:
        """Raises FrameError when the stream can't be frames any more."""
        buffer = self._buffer
        if not buffer and len(data) >= HEAD.size:
            # The common case: exactly one frame, which needs no copying together.
            json_size, blob_size, cpu = HEAD.unpack_from(data)
            middle = HEAD.size + json_size
            if len(data) == middle + blob_size:
                return [(data[HEAD.size : middle], data[middle:], cpu)]
        buffer += data
        frames: list[tuple[bytes, bytes, int]] = []
        start = 0
        while len(buffer) - start >= HEAD.size:
            json_size, blob_size, cpu = HEAD.unpack_from(buffer, start)
            if json_size > self._most_json or json_size + blob_size > MAX_FRAME:
                raise FrameError(f"a frame of {json_size} + {blob_size} bytes was announced")
            middle = start + HEAD.size + json_size
            end = middle + blob_size
            if len(buffer) < end:
                break
            frames.append(
                (bytes(buffer[start + HEAD.size : middle]), bytes(buffer[middle:end]), cpu)
            )
            start = end
        del buffer[:start]
        return frames


def encode_frame(json: bytes, attachments: bytes = b"", cpu_ns: int = 0) -> bytes:
    """One frame, ready for the socket."""
    return HEAD.pack(len(json), len(attachments), cpu_ns) + json + attachments
