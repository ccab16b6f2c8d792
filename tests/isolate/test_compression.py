"""The natives behind CompressionStream, against Python's own modules."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest

from edgewright.isolate.natives import NativeError
from edgewright.isolate.natives.compression import MOST_DATA, compress, decompress
from edgewright.isolate.natives.registry import State

DATA = b"hello " * 10_000
BOUND = 512 << 10
"""Nothing that a step gives is larger."""


def pieces(state: State, data: bytes) -> list[bytes]:
    """As the runtime layer asks for them."""
    got: list[bytes] = []
    for at in range(0, len(data), 1 << 16):
        piece = state.step(data[at : at + (1 << 16)], False)
        while piece:
            got.append(piece)
            piece = state.step(b"", False)
    return [*got, state.step(b"", True)]


def test_what_is_compressed_is_what_others_read() -> None:
    assert gzip.decompress(b"".join(pieces(compress(format="gzip"), DATA))) == DATA
    assert zlib.decompress(b"".join(pieces(compress(format="deflate"), DATA))) == DATA
    assert zlib.decompress(b"".join(pieces(compress(format="deflate-raw"), DATA)), -15) == DATA
    assert brotli.decompress(b"".join(pieces(compress(format="brotli"), DATA))) == DATA


@pytest.mark.parametrize(
    ("format", "bomb"),
    [
        ("gzip", gzip.compress(bytes(50_000_000))),
        ("deflate", zlib.compress(bytes(50_000_000))),
        ("brotli", brotli.compress(bytes(50_000_000), quality=4)),
    ],
)
def test_a_bomb_comes_in_pieces(format: str, bomb: bytes) -> None:
    got = pieces(decompress(format=format), bomb)
    assert sum(map(len, got)) == 50_000_000
    assert max(map(len, got)) < BOUND


@pytest.mark.parametrize("size", [1, 65535, 65536, 65537, 131072])
def test_sizes_at_the_bound_of_a_piece(size: int) -> None:
    for format, encode in (("deflate", zlib.compress), ("brotli", brotli.compress)):
        assert b"".join(pieces(decompress(format=format), encode(bytes(size)))) == bytes(size)


def test_a_step_takes_only_so_much() -> None:
    for format in ("gzip", "brotli"):
        for state in (compress(format=format), decompress(format=format)):
            with pytest.raises(NativeError, match="Too much data"):
                state.step(bytes(MOST_DATA + 1), False)
