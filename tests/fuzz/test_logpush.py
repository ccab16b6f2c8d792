"""Whatever a person gives as a destination for logs, there is one or a message that says what is
wrong; and whatever becomes of a batch there, it is delivered or tried again."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from fuzzing import search
from hypothesis import given
from hypothesis import strategies as st

from edgewright.logpush.destination import Batch, parse_destination, seconds_until, shown
from edgewright.logpush.errors import LogpushError, NotDelivered
from edgewright.logpush.job import read_jobs

BATCH = Batch(b"lines", 1.8e9, 1.8e9 + 30, "0123")

odd = st.text(max_size=8) | st.sampled_from(
    ["\0", "\r\nx: y", " ", "é", "\ud800", "{DATE}", "{", "%00", "%ff", "..", "a" * 300, "[", "]"]
)
hosts = st.sampled_from(
    ["", "h.invalid", "[::1", "[::1]:x", "h:99999", "u:p@", "ﬀ.invalid", "é.invalid", "a b", "\0"]
)
parameters = st.lists(
    st.tuples(
        st.sampled_from(
            ["header_A", "header_", "header_x\r\ny", "header_Content-Length", "header_é", "x",
             "region", "endpoint", "access-key-id", "secret-access-key", "sse"]
        ),
        odd,
        st.booleans(),
    ),
    max_size=3,
).map(
    lambda pairs: "&".join(f"{k}={quote(v, errors='replace') if q else v}" for k, v, q in pairs)
)  # fmt: skip
confs = st.one_of(
    odd,
    st.builds(
        "{}://{}/{}?{}".format,
        st.sampled_from(["http", "https", "s3", "file", "FILE", "ftp", ""]),
        hosts | odd,
        odd,
        parameters,
    ),
)


@search
@given(confs)
def test_whatever_is_a_destination_or_refused_with_a_message(conf: str) -> None:
    assert "?" not in shown(conf)
    try:
        parse_destination(conf)
    except LogpushError:
        with pytest.raises(LogpushError):
            read_jobs([conf])
        return
    (job,) = read_jobs([conf])
    assert job.name


@search
@given(odd, st.lists(odd, max_size=2))
def test_a_folder_is_written_to_or_it_is_tried_again(
    tmp_path_factory: pytest.TempPathFactory, name: str, more: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "pushed"
    parts = [part for each in (name, *more) for part in each.split("/") if part not in ("", "..")]
    conf = f"file://{quote(str(folder), safe='/')}/{quote('/'.join(parts), errors='replace')}"
    try:
        parse_destination(conf).send(BATCH)
    except (LogpushError, NotDelivered):
        return
    assert any(path.read_bytes() == BATCH.body for path in _files(folder))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.log.gz") if path.is_file()]


heads = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 \xff\r\n", b"HTTP/1.1 100 x\r\n\r\n",
                b"HTTP/9 200\r\n", b"Content-Length: 5\r\n", b"Content-Length: -1\r\n",
                b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"Retry-After: \xb2\r\n",
                b"Retry-After: " + b"9" * 400 + b"\r\n", b"\r\n", b"\r\nhello",
            ]
        ),
    ),
    max_size=5,
)  # fmt: skip


@search
@given(parameters, odd, heads)
def test_whatever_an_endpoint_answers_it_is_delivered_or_tried_again(
    given: str, path: str, said: list[bytes]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        ours, theirs = socket.socketpair()
        theirs.sendall(b"".join(said))
        theirs.shutdown(socket.SHUT_WR)
        patch.setattr(socket, "create_connection", lambda *_, **__: ours)
        try:
            conf = f"http://h.invalid/{quote(path, errors='replace')}?{given}"
            parse_destination(conf).send(BATCH)
        except (LogpushError, NotDelivered):
            return
        finally:
            ours.close()
            theirs.close()
        status = b"".join(said).lstrip(b"\r\n").split()[1]
        assert status.startswith(b"2")


@search
@given(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["9" * 400, "9" * 5000, "²", "٣", "-1", "Mon, 01 Jan 0001 00:00:00 +2359",
             "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 2020 00:00:00 +9999999999"]
        ),
    )
)  # fmt: skip
def test_what_an_endpoint_says_of_when_to_come_again_is_a_time(said: str) -> None:
    assert seconds_until(said) >= 0
