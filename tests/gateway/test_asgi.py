"""A Worker over real HTTP: what the gateway makes of a request, and of a response."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from edgewright.build import WorkerBundle
from edgewright.gateway.dispatch import Dispatcher
from edgewright.gateway.node import Node
from edgewright.gateway.server import Tls, serve
from edgewright.observe.records import Outcome, Recorder

SOURCE = """
let aborted = [];
export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const bytes = (size) => new Uint8Array(size).fill(120);
    switch (pathname) {
      case "/aborted":
        return Response.json(aborted);
      case "/body":
        return new Response(`${await request.text()}`);
      case "/pipe":
        return new Response(request.body);
      case "/size": {
        let size = 0;
        for await (const chunk of request.body ?? []) size += chunk.byteLength;
        return new Response(`${size}`);
      }
      case "/first": {
        const reader = request.body.getReader();
        await reader.read();
        return new Response("enough");
      }
      case "/unread":
        return new Response("did not look");
      case "/slow":
        await scheduler.wait(1000);
        return new Response("slow");
      case "/hang":
        request.signal.addEventListener("abort", () => aborted.push(pathname));
        await new Promise(() => {});
      case "/patient":
        request.signal.addEventListener("abort", () => aborted.push(pathname));
        await scheduler.wait(60_000);
      case "/ticks":
        return new Response(new ReadableStream({
          start() { request.signal.addEventListener("abort", () => aborted.push(pathname)); },
          async pull(controller) {
            await scheduler.wait(10);
            controller.enqueue(bytes(10));
          },
          cancel() { aborted.push("cancelled"); },
        }));
      case "/silent":
        return new Response(new ReadableStream({
          start(controller) { controller.enqueue(bytes(10)); },
          pull() { return scheduler.wait(1e6); },
          cancel() { aborted.push("cancelled"); },
        }));
      case "/breaks":
        return new Response(new ReadableStream({
          async pull(controller) {
            controller.enqueue(bytes(10));
            await scheduler.wait(20);
            controller.error(new Error("broken"));
          },
        }));
      case "/throws":
        throw new Error("a secret of the Worker's");
      case "/status":
        return new Response(null, { status: Number(searchParams.get("code")) });
      case "/upstream":
        return fetch(searchParams.get("url"));
      case "/gzip":
        return new Response("x".repeat(10_000), { headers: { "content-encoding": "gzip" } });
      case "/big":
        return new Response(bytes(3_000_000));
      case "/headers":
        return new Response("x", { headers: [
          ["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x-odd", "caf\\u00e9"],
          ["connection", "close"], ["transfer-encoding", "chunked"], ["content-length", "999"],
          ["server", "mine"],
        ] });
      case "/inject": {
        const response = new Response("x");
        try { response.headers.set("x-a", "b\\r\\nset-cookie: stolen=1"); } catch { }
        try { response.headers.set("x-b", "b\\u0001c"); } catch { }
        return response;
      }
      case "/length":
        return new Response(request.method === "HEAD" ? null : "12345",
          { headers: { "content-length": "5" } });
    }
    return Response.json({
      method: request.method,
      url: request.url,
      href: new URL(request.url).href,
      headers: [...request.headers],
      cf: request.cf ?? null,
      body: request.body !== null,
    });
  },
};
"""


@dataclass
class Site:
    port: int
    observer: Recorder

    async def raw(self, request: bytes, *, timeout: float = 60) -> bytes:
        """Everything that comes back for these very bytes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            return await asyncio.wait_for(reader.read(), timeout)
        finally:
            writer.close()

    async def get(self, target: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
        lines = b"".join(header + b"\r\n" for header in (b"Host: h.test", *headers))
        return await self.raw(
            method + b" " + target + b" HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n"
        )

    async def echo(self, target: bytes, *headers: bytes) -> Any:
        return json.loads((await self.get(target, *headers)).split(b"\r\n\r\n", 1)[1])

    async def wait_for(self, outcome: Outcome) -> None:
        """Until a request has ended like this."""
        for _ in range(200):
            if any(record.outcome is outcome for record in self.observer.requests):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"no {outcome} in {self.observer.requests}")

    async def aborted(self) -> list[str]:
        return await self.echo(b"/aborted")


@contextlib.asynccontextmanager
async def serving(tls: Tls | None = None) -> AsyncIterator[Site]:
    observer = Recorder()
    node = Node(observer=observer)
    main = "worker:/index.js"
    await node.deploy(WorkerBundle("w", main, {main: SOURCE}))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    stop = asyncio.Event()
    task = asyncio.create_task(serve(Dispatcher(node, "w"), listener, stop, tls=tls, drain=2))
    yield Site(port, observer)
    assert await node.drain(2), "a request never ended"
    stop.set()
    await task
    await node.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


# --- Requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "url"),
    [
        (b"/a%2Fb/%e4?q=%20+x", "http://h.test/a%2Fb/%e4?q=%20+x"),
        (b"/a?", "http://h.test/a?"),
        (b"/x/../y/./%2e", "http://h.test/y/"),
        (b"//double/slash", "http://h.test//double/slash"),
        (b"/quote'\"?'", "http://h.test/quote'%22?%27"),
        (b"http://other.test/absolute?form", "http://other.test/absolute?form"),
    ],
)
async def test_the_url_is_what_the_client_asked_for(site: Site, target: bytes, url: str) -> None:
    assert (await site.echo(target))["href"] == url


@pytest.mark.parametrize(
    "lines",
    [
        b"",
        b"Host:\r\n",
        b"Host: a\r\nHost: b\r\n",
        b"Host: a\r\nHost: a\r\n",
        b"Host: a/b\r\n",
        b"Host: user@a\r\n",
        b"Host: a b\r\n",
        b"Host: a?b\r\n",
        b"Host: a#b\r\n",
        b"Host: a\\b\r\n",
        b"Host: caf\xe9\r\n",
    ],
)
async def test_a_host_that_is_none_is_a_bad_request(site: Site, lines: bytes) -> None:
    answer = await site.raw(b"GET / HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_http_1_0_needs_no_host(site: Site) -> None:
    answer = await site.raw(b"GET /x HTTP/1.0\r\n\r\n")
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["url"] == f"http://127.0.0.1:{site.port}/x"


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5_0\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Transfer-Encoding: gzip\r\n",
    ],
)
async def test_lengths_that_are_none_are_bad_requests(site: Site, lines: bytes) -> None:
    answer = await site.raw(
        b"POST /body HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + lines + b"\r\nhello"
    )
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
async def test_two_ways_to_end_a_body_are_none(site: Site, lines: bytes) -> None:
    """Request smuggling (RFC 9112 §11.2): another server might choose the other one."""
    answer = await site.raw(
        b"POST /body HTTP/1.1\r\nHost: h\r\n" + lines + b"\r\n5\r\nhello\r\n0\r\n\r\n"
    )
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("target", ["/caf\u00e9", "/a\tb"])
async def test_a_target_is_ascii(site: Site, target: str) -> None:
    assert (await site.get(target.encode())).startswith(b"HTTP/1.1 400 ")


async def test_headers_as_the_worker_sees_them(site: Site) -> None:
    seen = await site.echo(
        b"/",
        b"X-Two: 1",
        b"x-two: 2",
        b"X-Odd: caf\xe9",
        b"CF-Connecting-IP: 6.6.6.6",
        b"X-Real-IP: 6.6.6.6",
        b"X-Forwarded-Proto: https",
        b"Keep-Alive: 5",
        b"TE: trailers",
        b"Proxy-Connection: x",
    )
    headers = dict(seen["headers"])
    assert headers["x-two"] == "1, 2"
    assert headers["x-odd"] == "caf\u00e9"
    assert headers["cf-connecting-ip"] == "127.0.0.1"
    assert headers["x-real-ip"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["host"] == "h.test"
    assert not {"connection", "keep-alive", "te", "proxy-connection"} & headers.keys()
    assert seen["cf"]["httpProtocol"] == "HTTP/1.1"
    assert seen["body"] is False


async def test_http_2(tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    tls = Tls(tmp_path / "both.pem", tmp_path / "both.pem")
    async with (
        serving(tls) as site,
        httpx.AsyncClient(http1=False, http2=True, verify=False, timeout=30) as client,
    ):
        url = f"https://127.0.0.1:{site.port}"
        seen = (await client.get(f"{url}/x?y")).json()
        assert seen["url"] == f"{url}/x?y"
        assert seen["cf"]["httpProtocol"] == "HTTP/2"
        for size in (0, 5, 1_000_000):
            assert (await client.post(f"{url}/size", content=bytes(size))).text == str(size)


@pytest.mark.parametrize("path", ["/body", "/pipe"])
@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 16 * 1024 + 1, 2_000_000])
@pytest.mark.parametrize("chunked", [False, True])
async def test_request_bodies(site: Site, path: str, size: int, chunked: bool) -> None:
    body = (b"0123456789" * (size // 10 + 1))[:size]

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 100_000):
            yield body[start : start + 100_000]

    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.post(
            f"http://127.0.0.1:{site.port}{path}", content=pieces() if chunked else body
        )
        assert response.content == body
        # The connection is good for another.
        assert (await client.get(f"http://127.0.0.1:{site.port}/unread")).text == "did not look"


@pytest.mark.parametrize("path", [b"/unread", b"/first"])
async def test_a_body_that_is_not_read_to_its_end_spoils_nothing(site: Site, path: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"POST " + path + b" HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
    writer.write(bytes(500_000))
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    assert head.startswith(b"HTTP/1.1 200 ")
    # What follows on this connection is a body's rest, and never taken for a request.
    with contextlib.suppress(ConnectionError):
        writer.write(bytes(500_000) + b"GET /aborted HTTP/1.1\r\nHost: h\r\n\r\n")
        await writer.drain()
    writer.close()
    assert await site.aborted() == []


async def test_a_body_that_nobody_reads_holds_the_client_back(site: Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n")
    sent = 0
    with contextlib.suppress(TimeoutError):
        for _ in range(100):
            writer.write(bytes(1_000_000))
            await asyncio.wait_for(writer.drain(), 0.5)
            sent += 1
    assert sent < 50
    writer.close()
    del reader


async def test_a_client_that_leaves_within_its_body(site: Site) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"POST /size HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
    writer.write(bytes(100_000))
    await asyncio.sleep(0.1)
    writer.close()
    await site.wait_for(Outcome.CANCELED)


@pytest.mark.parametrize("path", [b"/hang", b"/patient"])
@pytest.mark.parametrize("body", [b"", b"Content-Length: 5\r\n\r\nhello"])
async def test_a_client_that_leaves_while_it_waits(site: Site, path: bytes, body: bytes) -> None:
    method = b"POST" if body else b"GET"
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(method + b" " + path + b" HTTP/1.1\r\nHost: h\r\n" + (body or b"\r\n"))
    await asyncio.sleep(0.15)
    writer.close()
    await site.wait_for(Outcome.CANCELED)
    assert await site.aborted() == [path.decode()]


# --- Responses ------------------------------------------------------------------------------------


def parts(answer: bytes) -> tuple[bytes, list[bytes], bytes]:
    """First line, headers, body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    return first, headers, body


@pytest.mark.parametrize("path", [b"/ticks", b"/silent"])
async def test_a_client_that_leaves_within_the_response(site: Site, path: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    await reader.readuntil(b"xxx")
    await asyncio.sleep(0.1)
    writer.close()
    await site.wait_for(Outcome.RESPONSE_STREAM_DISCONNECTED)
    assert "cancelled" in await site.aborted()


async def test_a_piped_response_lets_go_of_its_upstream_when_the_client_leaves(site: Site) -> None:
    gone = asyncio.Event()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nxxx\r\n")
        if not await reader.read():
            gone.set()
        writer.close()

    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"GET /upstream?url=http://127.0.0.1:%d/ HTTP/1.1\r\nHost: h\r\n\r\n" % port)
    await asyncio.wait_for(reader.readuntil(b"xxx"), 60)
    await asyncio.sleep(0.1)
    writer.close()
    await asyncio.wait_for(gone.wait(), 60)
    server.close()


async def test_a_response_that_breaks_off_shows_as_broken_off(site: Site) -> None:
    first, headers, body = parts(await site.get(b"/breaks"))
    assert first == b"HTTP/1.1 200 OK"
    assert b"transfer-encoding: chunked" in headers
    assert b"xxxxxxxxxx" in body
    assert not body.endswith(b"0\r\n\r\n")
    async with httpx.AsyncClient(http1=False, http2=True, timeout=30) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://127.0.0.1:{site.port}/breaks")


async def test_an_upstreams_broken_response_shows_as_broken_off(site: Site) -> None:
    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nxxx")
        await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, headers, body = parts(await site.get(b"/upstream?url=http://127.0.0.1:%d/" % port))
    server.close()
    assert b"content-length: 100000" in headers
    assert body == b"xxx"


async def test_headers_of_a_response(site: Site) -> None:
    _, headers, body = parts(await site.get(b"/headers"))
    assert [line for line in headers if line.startswith(b"set-cookie")] == [
        b"set-cookie: a=1",
        b"set-cookie: b=2",
    ]
    assert b"x-odd: caf\xe9" in headers
    assert b"server: mine" in headers
    assert [line for line in headers if line.startswith(b"content-length")] == [
        b"content-length: 1"
    ]
    assert not any(line.startswith(b"transfer-encoding") for line in headers)
    assert body == b"x"


async def test_nothing_is_injected(site: Site) -> None:
    answer = await site.get(b"/inject")
    assert b"stolen" not in answer.partition(b"\r\n\r\n")[0] or b"\r\nset-cookie" not in answer
    assert b"\r\nset-cookie: stolen" not in answer
    assert answer[:12] in (b"HTTP/1.1 200", b"HTTP/1.1 500")


async def test_an_exception_tells_nothing(site: Site) -> None:
    answer = await site.get(b"/throws")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"1101" in answer
    assert b"secret" not in answer
    assert b"index.js" not in answer


@pytest.mark.parametrize("code", [b"204", b"304"])
async def test_statuses_without_a_body_have_no_length(site: Site, code: bytes) -> None:
    first, headers, body = parts(await site.get(b"/status?code=" + code))
    assert first.split(b" ")[1] == code
    assert body == b""
    assert not any(line.startswith((b"content-length", b"transfer-enc")) for line in headers)


async def test_a_null_body_has_the_length_0(site: Site) -> None:
    _, headers, body = parts(await site.get(b"/status?code=200"))
    assert b"content-length: 0" in headers
    assert body == b""


@pytest.mark.parametrize(
    ("path", "length"),
    [
        (b"/unread", b"content-length: 12"),
        (b"/length", b"content-length: 5"),
        (b"/big", b"content-length: 3000000"),
        (b"/status?code=200", None),
        (b"/ticks", None),
        (b"/throws", b"content-length: "),
    ],
)
async def test_head(site: Site, path: bytes, length: bytes | None) -> None:
    _, headers, body = parts(await site.get(path, method=b"HEAD"))
    assert body == b""
    lengths = [line for line in headers if line.startswith(b"content-length")]
    assert len(lengths) == (0 if length is None else 1)
    if length is not None:
        assert lengths[0].startswith(length)


async def test_encoding_what_the_worker_wants_encoded(site: Site) -> None:
    _, headers, body = parts(await site.get(b"/gzip", b"Accept-Encoding: gzip"))
    assert b"content-encoding: gzip" in headers
    assert gzip.decompress(body) == b"x" * 10_000
    assert b"content-length: %d" % len(body) in headers


async def test_a_slow_client_holds_the_worker_back(site: Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port, limit=1024)
    writer.write(b"GET /ticks HTTP/1.1\r\nHost: h\r\n\r\n")
    await asyncio.sleep(0.2)
    assert await reader.read(1024)
    writer.close()
    await site.wait_for(Outcome.RESPONSE_STREAM_DISCONNECTED)
