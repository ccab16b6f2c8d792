"""The codecs of node:zlib, in pieces.

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
_MOST_DATA: Final = 256 << 10
"""What a step takes, as nothing else runs meanwhile."""

_GZIP: Final = 16
_GZIP_OR_ZLIB: Final = 32
"""What is added to the size of the window, for zlib to know the format."""

_LARGEST_BROTLI_WINDOW: Final = 24
_BEST_BROTLI: Final = 9
"""Quality: 10 and 11 take a second for a megabyte."""


class Compress:
    """`format` is "gzip", "deflate" or "deflate-raw". A step without data gives all that has come
    so far."""

    memory = 288 << 10

    def __init__(self, *, format: str, level: int, window: int, memory: int, strategy: int) -> None:
        wbits = {"gzip": window + _GZIP, "deflate": window, "deflate-raw": -window}[format]
        try:
            self._zlib = zlib.compressobj(level, zlib.DEFLATED, wbits, memory, strategy)
        except ValueError:
            raise NativeError("RangeError", "Invalid zlib options") from None

    def step(self, data: bytes, end: bool) -> bytes:
        _require_small(data)
        piece = self._zlib.compress(data)
        if end:
            return piece + self._zlib.flush()
        return piece if data else self._zlib.flush(zlib.Z_SYNC_FLUSH)


class Decompress:
    """`format` is as above or "unzip", which is either of the first two. What is missing at the end
    is an error, unless `lenient`."""

    memory = 128 << 10

    def __init__(self, *, format: str, window: int, lenient: bool) -> None:
        self._wbits = {
            "gzip": window + _GZIP,
            "unzip": window + _GZIP_OR_ZLIB,
            "deflate": window,
            "deflate-raw": -window,
        }[format]
        self._members = format in ("gzip", "unzip")
        self._lenient = lenient
        self._zlib = zlib.decompressobj(self._wbits)

    def step(self, data: bytes, end: bool) -> bytes:
        _require_small(data)
        try:
            if self._zlib.eof and self._members and self._next_member(data):
                data = self._zlib.unused_data + data
                self._zlib = zlib.decompressobj(self._wbits)
            if self._zlib.eof:
                return b""
            piece = self._zlib.decompress(self._zlib.unconsumed_tail + data, _PIECE)
        except zlib.error as error:
            raise NativeError("TypeError", _reason(error)) from None
        if end and not piece and not self._zlib.eof and not self._lenient:
            raise NativeError("TypeError", "unexpected end of file")
        return piece

    def _next_member(self, data: bytes) -> bool:
        """A gzip file may have several members; what follows and is none is ignored."""
        return (self._zlib.unused_data + data)[:2] == b"\x1f\x8b"


class CompressBrotli:
    memory = 32 << 20

    def __init__(self, *, mode: int, quality: int, window: int) -> None:
        if (
            not 0 <= quality <= 11
            or not 10 <= window <= _LARGEST_BROTLI_WINDOW
            or mode not in (0, 1, 2)
        ):
            raise NativeError("RangeError", "Initialization failed")
        self._brotli = brotli.Compressor(
            mode=mode, quality=min(quality, _BEST_BROTLI), lgwin=window
        )

    def step(self, data: bytes, end: bool) -> bytes:
        _require_small(data)
        piece = self._brotli.process(data)
        if end:
            return piece + self._brotli.finish()
        return piece if data else self._brotli.flush()


class DecompressBrotli:
    memory = 16 << 20

    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    def step(self, data: bytes, end: bool) -> bytes:
        _require_small(data)
        if self._brotli.is_finished():
            return b""
        try:
            piece = self._brotli.process(data, output_buffer_limit=_PIECE)
        except brotli.error:
            raise NativeError("TypeError", "Decompression failed") from None
        if end and not piece and not self._brotli.is_finished():
            raise NativeError("TypeError", "unexpected end of file")
        return piece


def _reason(error: zlib.error) -> str:
    """zlib's own words, without Python's."""
    return str(error).rpartition(": ")[2]


def _require_small(data: bytes) -> None:
    if len(data) > _MOST_DATA:
        raise NativeError("RangeError", "Too much data for one step.")


def crc32(data: bytes, *, start: int) -> int:
    return zlib.crc32(data, start)


FUNCTIONS = {"node-crc32": crc32}
STATES: Final[dict[str, Callable[..., State]]] = {
    "node-compress": Compress,
    "node-decompress": Decompress,
    "node-brotli-compress": CompressBrotli,
    "node-brotli-decompress": DecompressBrotli,
}
