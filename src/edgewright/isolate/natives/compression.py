"""CompressionStream and DecompressionStream (https://compression.spec.whatwg.org/), in pieces.

A step gives a bounded piece of what there is, however far the data expands: the caller asks again,
with no data, until it gets nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

import brotli

from edgewright.isolate.natives.errors import NativeError
from edgewright.isolate.natives.registry import State

_PIECE: Final = 64 << 10
MOST_DATA: Final = 256 << 10
"""What a step takes, as nothing else runs meanwhile."""

_WINDOWS: Final = {"deflate": 15, "deflate-raw": -15, "gzip": 31}
"""zlib's way to name a format."""

_BROTLI_QUALITY: Final = 5
"""As fast as zlib's default, and smaller."""


class _Compress:
    """Gives little more than it takes, so it needs no bound but its caller's."""

    memory = 288 << 10

    def __init__(self, window: int) -> None:
        self._zlib = zlib.compressobj(wbits=window)

    def step(self, data: bytes, end: bool) -> bytes:
        _require_small(data)
        return self._zlib.compress(data) + (self._zlib.flush() if end else b"")


class _CompressBrotli:
    memory = 3 << 20

    def __init__(self) -> None:
        self._brotli = brotli.Compressor(quality=_BROTLI_QUALITY)

    def step(self, data: bytes, end: bool) -> bytes:
        _require_small(data)
        return self._brotli.process(data) + (self._brotli.finish() if end else b"")


class _Decompress:
    memory = 128 << 10

    def __init__(self, window: int) -> None:
        self._zlib = zlib.decompressobj(window)

    def step(self, data: bytes, end: bool) -> bytes:
        _require_small(data)
        if self._zlib.eof and (data or self._zlib.unused_data):
            raise _trailing()
        try:
            piece = self._zlib.decompress(self._zlib.unconsumed_tail + data, _PIECE)
        except zlib.error:
            raise _broken() from None
        if end and not self._zlib.eof:
            raise _incomplete()
        return piece


class _DecompressBrotli:
    memory = 16 << 20
    """The largest window that a stream may ask for."""

    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    def step(self, data: bytes, end: bool) -> bytes:
        _require_small(data)
        if self._brotli.is_finished():
            if data:
                raise _trailing()
            return b""
        try:
            piece = self._brotli.process(data, output_buffer_limit=_PIECE)
        except brotli.error:
            raise _broken() from None
        if end and not self._brotli.is_finished():
            raise _incomplete()
        return piece


def _require_small(data: bytes) -> None:
    if len(data) > MOST_DATA:
        raise NativeError("OperationError", "Too much data for one step.")


def _broken() -> NativeError:
    return NativeError("TypeError", "Decompression failed.")


def _trailing() -> NativeError:
    return NativeError("TypeError", "Trailing bytes after end of compressed data")


def _incomplete() -> NativeError:
    message = "Called close() on a decompression stream with incomplete data"
    return NativeError("TypeError", message)


def compress(*, format: str) -> State:
    return _CompressBrotli() if format == "brotli" else _Compress(_WINDOWS[format])


def decompress(*, format: str) -> State:
    return _DecompressBrotli() if format == "brotli" else _Decompress(_WINDOWS[format])


STATES: Final[dict[str, Callable[..., State]]] = {"compress": compress, "decompress": decompress}
