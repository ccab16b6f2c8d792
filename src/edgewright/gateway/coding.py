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


def is_known(coding: str) -> bool:
    """Whether this is a Content-Encoding that is taken off before a Worker reads a body, and put
    on what a Worker sends with it."""
    return coding.lower() in ("gzip", "x-gzip", "deflate", "br")


class _Decoder(Protocol):
    def decode(self, data: bytes) -> bytes:
        """At most OUTPUT bytes; call again with b"" while `pending`."""
        ...

    @property
    def pending(self) -> bool: ...

    @property
    def complete(self) -> bool: ...


class _Gzip:
    """One member after the other (RFC 1952 §2.2); what comes then and is none is left alone, as
    browsers do it."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._input = b""
        self._full = False

    def decode(self, data: bytes) -> bytes:
        self._input += data
        self._full = False
        if self._zlib.eof:
            if len(self._input) < 2:
                return b""
            if self._input[:2] != b"\x1f\x8b":
                self._input = b""
                return b""
            self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 16)
        decoded = self._zlib.decompress(self._input, OUTPUT)
        self._input = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
        self._full = len(decoded) == OUTPUT
        return decoded

    @property
    def pending(self) -> bool:
        return self._full or len(self._input) > (1 if self._zlib.eof else 0)

    @property
    def complete(self) -> bool:
        return self._zlib.eof


class _Deflate:
    """The zlib format, or what some send instead: without its wrapper (RFC 9110 §8.4.1.2)."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj()
        self._begun = False
        self._input = b""
        self._full = False

    def decode(self, data: bytes) -> bytes:
        self._input += data
        self._full = False
        if not self._begun:
            if len(self._input) < 2:
                return b""
            self._begun = True
            if self._input[0] & 15 != 8 or int.from_bytes(self._input[:2]) % 31:
                self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
        decoded = self._zlib.decompress(self._input, OUTPUT)
        self._input = self._zlib.unconsumed_tail
        # The last bytes may be waiting inside zlib, with no input left to wake them.
        self._full = len(decoded) == OUTPUT
        return decoded

    @property
    def pending(self) -> bool:
        return self._full or (self._begun and bool(self._input))

    @property
    def complete(self) -> bool:
        return self._zlib.eof


class _Brotli:
    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()
        self._full = False

    def decode(self, data: bytes) -> bytes:
        limit = OUTPUT // 2  # It goes beyond by up to one block.
        decoded = self._brotli.process(data, output_buffer_limit=limit)
        self._full = len(decoded) >= limit
        return decoded

    @property
    def pending(self) -> bool:
        return self._full or not self._brotli.can_accept_more_data()

    @property
    def complete(self) -> bool:
        return self._brotli.is_finished()


def _decoder(coding: str) -> _Decoder:
    match coding.lower():
        case "br":
            return _Brotli()
        case "deflate":
            return _Deflate()
        case _:
            return _Gzip()


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
                        raise BodyError(
                            f"The body ended in the middle of its {self._coding} coding."
                        )
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


def encode(body: bytes | Body, coding: str) -> bytes | Body:
    """The body with a content coding put on, one that is_known()."""
    if isinstance(body, bytes):
        encoder = _encoder(coding)
        return encoder.encode(body) + encoder.finish()
    return _EncodedBody(body, coding)


class _EncodedBody:
    def __init__(self, body: Body, coding: str) -> None:
        self.length = None
        self._body = body
        self._encoder = _encoder(coding)
        self._ended = False

    async def read(self) -> bytes:
        while not self._ended:
            data = await self._body.read()
            if data:
                # Flushed, so that what a Worker streams reaches the client when it is sent.
                encoded = self._encoder.encode(data) + self._encoder.flush()
            else:
                encoded, self._ended = self._encoder.finish(), True
            if encoded:
                return encoded
        return b""

    def discard(self) -> None:
        self._body.discard()


class _Encoder(Protocol):
    def encode(self, data: bytes) -> bytes: ...

    def flush(self) -> bytes: ...

    def finish(self) -> bytes: ...


class _ZlibEncoder:
    def __init__(self, window: int) -> None:
        self._zlib = zlib.compressobj(wbits=window)

    def encode(self, data: bytes) -> bytes:
        return self._zlib.compress(data)

    def flush(self) -> bytes:
        return self._zlib.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._zlib.flush()


class _BrotliEncoder:
    def __init__(self) -> None:
        # 4 of 11: about gzip's speed and better than its ratio.
        self._brotli = brotli.Compressor(quality=4)

    def encode(self, data: bytes) -> bytes:
        return self._brotli.process(data)

    def flush(self) -> bytes:
        return self._brotli.flush()

    def finish(self) -> bytes:
        return self._brotli.finish()


def _encoder(coding: str) -> _Encoder:
    match coding.lower():
        case "br":
            return _BrotliEncoder()
        case "deflate":
            return _ZlibEncoder(zlib.MAX_WBITS)
        case _:
            return _ZlibEncoder(zlib.MAX_WBITS | 16)
