"""Forms and Blobs, made and read by a Worker; the other side is httpx or Python's email package."""

from __future__ import annotations

import asyncio
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from running import Origin, Run

from edgewright import Response, Worker

WORKER = Path(__file__).parent / "form_data.js"

Fields = list[tuple[str, str]]
Files = list[tuple[str, tuple[str, bytes, str]]]


def encoded(fields: Fields, files: Files) -> tuple[bytes, dict[str, str]]:
    """As httpx encodes it; text fields first."""
    parts = [(name, (None, value)) for name, value in fields]
    request = httpx.Request("POST", "http://worker.test/read", files=[*parts, *files])
    return request.read(), {"content-type": request.headers["content-type"]}


async def read(worker: Worker, body: bytes, headers: dict[str, str]) -> Response:
    return await worker.fetch("http://worker.test/read", method="POST", body=body, headers=headers)


async def test_a_form_with_fields_and_files(run: Run) -> None:
    running = await run(WORKER)
    body, headers = encoded(
        [("a", "1"), ("ä", "zwei\r\n"), ("a", "")],
        [("f", ("ü.bin", b"\0\xff\r\n--", "image/png")), ("g", ("g", b"", "a/b"))],
    )
    assert await (await read(running.worker, body, headers)).json() == [
        ["a", "1"],
        ["ä", "zwei\r\n"],
        ["a", ""],
        ["f", "ü.bin", "image/png", "00ff0d0a2d2d"],
        ["g", "g", "a/b", ""],
    ]


async def test_a_form_of_some_megabytes(run: Run) -> None:
    running = await run(WORKER, limits={"cpu_ms": 10_000})
    body, headers = encoded(
        [("text", "\n-" * 1_000_000)], [("file", ("f", b"\n--" * 500_000, "a/b"))]
    )
    [[_, text], [_, name, _, content]] = await (await read(running.worker, body, headers)).json()
    assert text == "\n-" * 1_000_000
    assert (name, bytes.fromhex(content)) == ("f", b"\n--" * 500_000)


async def test_a_form_that_the_worker_makes(run: Run) -> None:
    running = await run(WORKER)
    response = await running.fetch("/make")
    head = f"content-type: {response.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + await response.bytes())
    text, file = message.iter_parts()
    assert (
        text.get_param("name", header="content-disposition"),
        text.get_payload(decode=True),
    ) == (
        "text",
        "ä".encode(),
    )
    assert (file.get_filename(), file.get_content_type(), file.get_payload(decode=True)) == (
        "f.bin",
        "x/y",
        b"\0\xff",
    )


async def test_a_form_is_sent(run: Run, upstream: Origin) -> None:
    running = await run(WORKER, env={"UPSTREAM": upstream.url})
    assert 3_000_000 < int(await running.text("/send")) < 3_000_500


async def test_a_body_as_a_blob(run: Run) -> None:
    running = await run(WORKER)
    response = await running.fetch("/blob", method="POST", body=b"hello")
    assert (response.headers["content-type"], await response.bytes()) == ("a/b", b"ell")


text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=9
)


async def test_whatever_a_form_holds_is_read(run: Run) -> None:
    worker = (await run(WORKER)).worker
    loop = asyncio.get_running_loop()

    async def got(fields: Fields) -> object:
        body, headers = encoded(fields, [("end", ("name", b"", "a/b"))])
        return await (await read(worker, body, headers)).json()

    @settings(max_examples=60, deadline=None)
    @given(fields=st.lists(st.tuples(text, st.text(max_size=40))))
    def check(fields: Fields) -> None:
        # httpx percent-encodes quotes as browsers do, which the platform takes as they are.
        expected = [[name.replace('"', "%22"), value] for name, value in fields]
        end = ["end", "name", "a/b", ""]
        assert asyncio.run_coroutine_threadsafe(got(fields), loop).result() == [*expected, end]

    await asyncio.to_thread(check)
