from __future__ import annotations

import gzip
import zlib

import brotli
import pytest

from edgewright.gateway.coding import OUTPUT, DecodedBody, encode, is_known
from edgewright.messages import BodyError, read_all

TEXT = b"The quick brown fox jumps over the lazy dog. " * 400
CODINGS = ["gzip", "x-gzip", "GZIP", "deflate", "br"]


class Pieces:
    """A body that comes in these chunks."""

    def __init__(self, *chunks: bytes) -> None:
        self.length = None
        self._chunks = list(chunks)
        self.discarded = False

    async def read(self) -> bytes:
        return self._chunks.pop(0) if self._chunks else b""

    def discard(self) -> None:
        self.discarded = True


def packed(coding: str, data: bytes = TEXT) -> bytes:
    match coding.lower():
        case "br":
            return brotli.compress(data)
        case "deflate":
            return zlib.compress(data)
        case _:
            return gzip.compress(data)


def cut(data: bytes, size: int) -> Pieces:
    return Pieces(*(data[start : start + size] for start in range(0, len(data), size)))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_decoding_however_the_bytes_come(coding: str, size: int) -> None:
    assert is_known(coding)
    assert await read_all(DecodedBody(cut(packed(coding), size), coding)) == TEXT


@pytest.mark.parametrize("coding", CODINGS)
async def test_encoding_a_whole_and_a_streamed_body(coding: str) -> None:
    whole = encode(TEXT, coding)
    assert isinstance(whole, bytes)
    assert len(whole) < len(TEXT) / 4
    assert await read_all(DecodedBody(Pieces(whole), coding)) == TEXT
    streamed = encode(cut(TEXT, 1000), coding)
    assert not isinstance(streamed, bytes)
    assert streamed.length is None
    assert await read_all(DecodedBody(Pieces(await read_all(streamed)), coding)) == TEXT


@pytest.mark.parametrize("coding", CODINGS)
async def test_what_is_streamed_can_be_read_before_there_is_more(coding: str) -> None:
    encoded = encode(Pieces(b"first", b"second"), coding)
    assert not isinstance(encoded, bytes)
    decoded = DecodedBody(Pieces(await encoded.read()), coding)
    assert await decoded.read() == b"first"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
async def test_empty_bodies(coding: str) -> None:
    assert await read_all(DecodedBody(Pieces(packed(coding, b"")), coding)) == b""
    encoded = encode(b"", coding)
    assert isinstance(encoded, bytes)
    assert await read_all(DecodedBody(Pieces(encoded), coding)) == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
@pytest.mark.parametrize("kept", [3, 40, -1])
async def test_a_body_that_ends_too_early_is_broken_off(coding: str, kept: int) -> None:
    data = packed(coding)[:kept]
    with pytest.raises(BodyError, match=f"in the middle of its {coding} coding"):
        await read_all(DecodedBody(Pieces(data), coding))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
async def test_a_corrupt_body_is_an_error_and_let_go_of(coding: str) -> None:
    body = Pieces(b"\xff\xfe this is not compressed at all", b"more")
    with pytest.raises(BodyError, match=f"not valid {coding}"):
        await read_all(DecodedBody(body, coding))
    assert body.discarded


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_wrong_checksum_is_noticed(coding: str) -> None:
    data = bytearray(packed(coding))
    data[-6 if coding == "gzip" else -2] ^= 0xFF
    with pytest.raises(BodyError):
        await read_all(DecodedBody(Pieces(bytes(data)), coding))


async def test_several_gzip_members_are_one_body() -> None:
    """RFC 1952 §2.2; what `cat a.gz b.gz` gives."""
    both = gzip.compress(b"one ") + gzip.compress(b"two")
    assert await read_all(DecodedBody(Pieces(both), "gzip")) == b"one two"
    assert await read_all(DecodedBody(cut(both, 1), "gzip")) == b"one two"


@pytest.mark.parametrize("size", [1, 1000])
async def test_padding_after_a_gzip_member_is_ignored(size: int) -> None:
    padded = gzip.compress(TEXT) + bytes(20)
    assert await read_all(DecodedBody(cut(padded, size), "gzip")) == TEXT


async def test_deflate_without_its_zlib_wrapper() -> None:
    """RFC 9110 §8.4.1.2 says that some senders leave it out; every browser reads that."""
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = raw.compress(TEXT) + raw.flush()
    assert await read_all(DecodedBody(Pieces(data), "deflate")) == TEXT
    assert await read_all(DecodedBody(cut(data, 1), "deflate")) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
async def test_a_bomb_comes_out_in_bounded_pieces(coding: str) -> None:
    size = 64 << 20
    bomb = packed(coding, bytes(size))
    assert len(bomb) < size / 500
    body = DecodedBody(Pieces(bomb), coding)
    total = 0
    while chunk := await body.read():
        assert len(chunk) <= OUTPUT
        total += len(chunk)
    assert total == size


async def test_a_broken_body_stays_broken_through_the_encoder() -> None:
    class Broken(Pieces):
        async def read(self) -> bytes:
            raise BodyError("gone")

    encoded = encode(Broken(), "gzip")
    assert not isinstance(encoded, bytes)
    with pytest.raises(BodyError, match="gone"):
        await read_all(encoded)
