from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.protocol.framing import HEAD, MAX_FRAME, FrameDecoder, FrameError, encode_frame

frames = st.lists(
    st.tuples(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 2**64 - 1)),
    max_size=6,
)


@given(frames, st.lists(st.integers(0, 4000)))
def test_any_way_to_cut_the_stream_gives_the_same_frames(
    sent: list[tuple[bytes, bytes, int]], cuts: list[int]
) -> None:
    stream = b"".join(encode_frame(*frame) for frame in sent)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    decoder = FrameDecoder()
    received = [
        frame
        for start, end in itertools.pairwise(edges)
        for frame in decoder.feed(stream[start:end])
    ]
    assert received == sent


def test_byte_by_byte() -> None:
    stream = encode_frame(b"[]", b"blob", 7) + encode_frame(b"", b"") + encode_frame(b"{}")
    decoder = FrameDecoder()
    received = [frame for byte in stream for frame in decoder.feed(bytes([byte]))]
    assert received == [(b"[]", b"blob", 7), (b"", b"", 0), (b"{}", b"", 0)]


@given(st.lists(st.binary(max_size=64), max_size=20))
def test_junk_ends_in_frames_or_a_frame_error(junk: list[bytes]) -> None:
    decoder = FrameDecoder()
    with contextlib.suppress(FrameError):
        for data in junk:
            for json, blob, cpu in decoder.feed(data):
                assert isinstance(json, bytes)
                assert isinstance(blob, bytes)
                assert cpu >= 0


@pytest.mark.parametrize(
    ("json_size", "blob_size"), [(0, MAX_FRAME + 1), (MAX_FRAME, 1), (2**32 - 1, 2**32 - 1)]
)
def test_too_large_a_frame_is_refused_when_it_is_announced(json_size: int, blob_size: int) -> None:
    """Before any of it is kept."""
    with pytest.raises(FrameError):
        FrameDecoder().feed(HEAD.pack(json_size, blob_size, 0))
    with pytest.raises(FrameError):
        FrameDecoder().feed(encode_frame(b"ok") + HEAD.pack(json_size, blob_size, 0))
