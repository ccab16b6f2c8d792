"""hono.js: a program with Hono."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import AsyncIterator

import pytest
from bundling import LIMITS, Bundle
from running import Origin, Run, Running, eventually

from edgewright import Outcome
from edgewright.observe.terminal import DevTerminal

KEY = "a key of the test"


@pytest.fixture
async def hono(bundle: Bundle, run: Run, upstream: Origin) -> AsyncIterator[Running]:
    running = await run(bundle("hono.js"), env={"ORIGIN": upstream.url, "KEY": KEY}, limits=LIMITS)
    yield running
    records = running.observed.requests
    assert await eventually(lambda: all(record.outcome is Outcome.OK for record in records))
    assert {record.error for record in records} <= {None}


async def test_routes_and_parameters(hono: Running) -> None:
    assert await hono.json("/users/7") == {"user": 7}
    assert await hono.json("/search?q=a+b&tag=x&tag=y") == {"q": "a b", "tags": ["x", "y"]}
    assert await hono.text("/admin") == "admin"
    missing = await hono.fetch("/users/seven")
    assert (missing.status, await missing.text()) == (404, "no /users/seven")


async def test_the_logger_s_lines_are_the_request_s(hono: Running) -> None:
    await hono.text("/users/7")
    request, response = hono.logged
    assert request == "<-- GET /users/7"
    assert re.fullmatch(r"--> GET /users/7 .*200.* \d+ms", response)


async def test_what_dev_shows_of_it(hono: Running) -> None:
    await hono.text("/later")
    assert await eventually(lambda: len(hono.observed.requests) == 1)
    terminal = DevTerminal(stream := io.StringIO())
    for line in hono.observed.lines:
        terminal.logged(line)
    terminal.request_finished(hono.observed.requests[0])
    asked, answered, summary = stream.getvalue().splitlines()
    assert asked == "<-- GET /later"
    assert re.fullmatch(r"--> GET /later 200 \d+ms", answered)
    assert re.fullmatch(r"\S+ GET /later 200 .* ms \(cpu .* ms, 1 subrequest\)", summary)


async def test_headers_set_by_middleware(hono: Running) -> None:
    page = await hono.fetch("/secure/page")
    assert page.headers["x-frame-options"] == "SAMEORIGIN"
    assert page.headers["content-type"] == "text/html; charset=UTF-8"
    assert await page.text() == "<p>&lt;escaped&gt;</p>"
    identified = await hono.fetch("/id")
    assert (await identified.json())["id"] == identified.headers["x-request-id"]


async def test_validation(hono: Running) -> None:
    headers = {"content-type": "application/json"}
    made = await hono.fetch("/posts", method="POST", headers=headers, body='{"title": "T", "x": 1}')
    assert (made.status, await made.json()) == (201, {"title": "T"})
    refused = await hono.fetch("/posts", method="POST", headers=headers, body="{}")
    assert (refused.status, await refused.json()) == (400, {"error": "title is missing"})
    broken = await hono.fetch("/posts", method="POST", headers=headers, body="{")
    assert (broken.status, await broken.text()) == (400, "Malformed JSON in request body")


async def test_an_uploaded_file(hono: Running) -> None:
    parts = (
        '--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        "Content-Type: text/plain\r\n\r\nits text\r\n--b--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    told = await hono.json("/upload", method="POST", headers=headers, body=parts)
    assert told == {"note": "hello", "name": "a.txt", "type": "text/plain", "text": "its text"}


async def test_a_limit_on_bodies(hono: Running) -> None:
    assert await hono.text("/small", method="POST", body="0123456789") == "0123456789"
    assert (await hono.fetch("/small", method="POST", body="0123456789+")).status == 413


async def test_cors(hono: Running) -> None:
    asked = {"origin": "https://app.test", "access-control-request-method": "PUT"}
    preflight = await hono.fetch("/api/thing", method="OPTIONS", headers=asked)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-methods"] == "GET,PUT"
    answer = await hono.fetch("/api/thing", method="PUT", headers={"origin": "https://app.test"})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://app.test"


async def test_bearer_tokens(hono: Running) -> None:
    assert (await hono.fetch("/private/page")).status == 401
    headers = {"authorization": "Bearer secret"}
    assert await hono.text("/private/page", headers=headers) == "private"


async def test_cookies_plain_and_signed(hono: Running) -> None:
    first = await hono.fetch("/cookies")
    cookies = first.headers.getall("set-cookie")
    assert cookies[0] == "seen=yes; Max-Age=60; Path=/; HttpOnly"
    sent = "; ".join(cookie.partition(";")[0] for cookie in cookies)
    assert await hono.json("/cookies", headers={"cookie": sent}) == {"seen": "yes", "user": "ann"}
    forged = "user=eve." + sent.rpartition(".")[2]
    assert await hono.json("/cookies", headers={"cookie": forged}) == {"user": False}


async def test_an_etag_saves_the_body(hono: Running) -> None:
    first = await hono.fetch("/etag")
    again = await hono.fetch("/etag", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, await again.text()) == (304, "")


async def test_compressed_by_a_compression_stream(hono: Running) -> None:
    answer = await hono.fetch("/compressed", headers={"accept-encoding": "gzip"})
    body = await answer.bytes()
    assert answer.headers["content-encoding"] == "gzip"
    assert len(body) < 200
    assert gzip.decompress(body).decode() == "again and " * 1000


async def test_streams(hono: Running) -> None:
    assert await hono.text("/stream") == "one\ntwo\nthree\n"
    events = await hono.fetch("/events")
    assert events.headers["content-type"] == "text/event-stream"
    expected = [f'event: count\ndata: {{"id":{n}}}\nid: {n}\n\n' for n in range(3)]
    assert await events.text() == "".join(expected)


async def test_tokens_by_web_crypto(hono: Running) -> None:
    assert await hono.json("/token") == {"sub": "ann", "exp": 4102444800}


async def test_a_handler_that_takes_too_long(hono: Running) -> None:
    late = await hono.fetch("/slow")
    assert (late.status, await late.text()) == (504, "Gateway Timeout")


async def test_a_proxy(hono: Running, upstream: Origin) -> None:
    assert await hono.text("/proxied/gzip/x") != ""
    [seen] = upstream.app.seen
    assert seen.path == "/proxied/gzip/x"
    assert seen.headers["x-by"] == "hono"
    assert hono.observed.requests[0].subrequests == 1


async def test_work_after_the_response(hono: Running, upstream: Origin) -> None:
    assert await hono.text("/later") == "now"
    assert await eventually(lambda: [seen.path for seen in upstream.app.seen] == ["/later"])


async def test_exceptions_reach_the_program_s_handler(hono: Running) -> None:
    refused = await hono.fetch("/admin/refused")
    assert (refused.status, await refused.text()) == (403, "not you")
    broken = await hono.fetch("/admin/broken")
    assert (broken.status, json.loads(await broken.text())) == (500, {"error": "a bug"})
    assert "failed: a bug" in hono.logged
