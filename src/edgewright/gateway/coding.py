"""Content codings (RFC 9110 §8.4.1): gzip, deflate and br, bit by bit.

Decoding is bounded: a chunk yields at most OUTPUT bytes at a time, so that a small body that
unpacks into gigabytes never stands in memory whole.
"""

from __future__ import annotations

import zlib
from typing import Protocol

import brotli

from edgewright.messages import Body, BodyError

OUTPUT = 256 * 1024
"""Bytes that one read gives at most."""


def is_decodable(coding: str) -> bool:
    """Whether a body with this Content-Encoding is decoded before a Worker sees it."""
    return coding.lower() in ("gzip", "x-gzip", "deflate", "br")


class _Decoder(Protocol):
    def decode(self, data: bytes) -> bytes:
        """At most OUTPUT bytes; call again with b"" while `pending`."""
        ...

    @property
    def pending(self) -> bool: ...

    @property
    def complete(self) -> bool: ...


class _Zlib:
    def __init__(self, window: int) -> None:
        self._zlib = zlib.decompressobj(window)

    def decode(self, data: bytes) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, OUTPUT)

    @property
    def pending(self) -> bool:
        return bool(self._zlib.unconsumed_tail)

    @property
    def complete(self) -> bool:
        return self._zlib.eof


class _Brotli:
    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    def decode(self, data: bytes) -> bytes:
        return self._brotli.process(data, output_buffer_limit=OUTPUT)

    @property
    def pending(self) -> bool:
        return not self._brotli.can_accept_more_data()

    @property
    def complete(self) -> bool:
        return self._brotli.is_finished()


def _decoder(coding: str) -> _Decoder:
    match coding.lower():
        case "br":
            return _Brotli()
        case "deflate":
            return _Zlib(zlib.MAX_WBITS)
        case _:
            return _Zlib(zlib.MAX_WBITS | 16)


class DecodedBody:
    """A body without its content coding."""

    def __init__(self, body: Body, coding: str) -> None:
        self.length = None
        self._body = body
        self._coding = coding
        self._decoder = _decoder(coding)
        self._ended = False

    async def read(self) -> bytes:
        while True:
            if self._decoder.pending:
                data = b""
            elif self._ended:
                return b""
            else:
                data = await self._body.read()
                if not data:
                    self._ended = True
                    if not self._decoder.complete:
                        raise BodyError(f"The body ended in the middle of its {self._coding} coding.")
                    return b""
            try:
                decoded = self._decoder.decode(data)
            except (zlib.error, brotli.error) as error:
                self._body.discard()
                raise BodyError(f"The body is not valid {self._coding}: {error}") from error
            if decoded:
                return decoded

    def discard(self) -> None:
        self._body.discard()


class EncodedBody:
    """A body with the content coding gzip or deflate put on."""

    def __init__(self, body: Body, coding: str) -> None:
        self.length = None
        self._body = body
        self._zlib: zlib._Compress | None = _compressor(coding)

    async def read(self) -> bytes:
        while self._zlib is not None:
            data = await self._body.read()
            if data:
                # Flushed, so that what a Worker streams reaches the client when it is sent.
                encoded = self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
            else:
                encoded, self._zlib = self._zlib.flush(), None
            if encoded:
                return encoded
        return b""

    def discard(self) -> None:
        self._body.discard()


def can_encode(coding: str) -> bool:
    return coding.lower() in ("gzip", "x-gzip", "deflate", "br")


def encode(body: bytes | Body, coding: str) -> bytes | Body:
    """The body with a content coding put on."""
    if isinstance(body, bytes):
        if coding.lower() == "br":
            return brotli.compress(body, quality=5)
        compressor = _compressor(coding)
        return compressor.compress(body) + compressor.flush()
    if coding.lower() == "br":
        return _BrotliEncodedBody(body)
    return EncodedBody(body, coding)


class _BrotliEncodedBody:
    def __init__(self, body: Body) -> None:
        self.length = None
        self._body = body
        self._brotli = brotli.Compressor(quality=5)
        self._ended = False

    async def read(self) -> bytes:
        while not self._ended:
            data = await self._body.read()
            if data:
                encoded = self._brotli.process(data) + self._brotli.flush()
            else:
                encoded, self._ended = self._brotli.finish(), True
            if encoded:
                return encoded
        return b""

    def discard(self) -> None:
        self._body.discard()


def _compressor(coding: str) -> zlib._Compress:
    window = zlib.MAX_WBITS if coding.lower() == "deflate" else zlib.MAX_WBITS | 16
    return zlib.compressobj(wbits=window)
