"""The cache that fetch() goes through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cache_origin import CacheOrigin, Put
from running import Run, Running, Serve

WORKER = Path(__file__).parent / "fetch_cache.js"
MINUTE = {"cache-control": "max-age=60"}


class Edge:
    """A Worker that fetches, and the origin that it fetches from."""

    def __init__(self, running: Running, origin: CacheOrigin, url: str) -> None:
        self.running = running
        self.origin = origin
        self.url = url

    async def get(self, path: str, **options: Any) -> Any:
        options["url"] = self.url + path
        return await self.running.json(method="POST", body=json.dumps(options))

    async def get_all(self, path: str, count: int, **options: Any) -> list[Any]:
        options["url"] = self.url + path
        return await self.running.json(method="POST", body=json.dumps([options] * count))

    async def statuses(self, path: str, count: int, **options: Any) -> list[str | None]:
        """CF-Cache-Status of some requests, one after the other."""
        return [(await self.get(path, **options))["cache"] for _ in range(count)]


@pytest.fixture
async def edge(run: Run, http: Serve) -> Edge:
    origin = CacheOrigin()
    return Edge(await run(WORKER), origin, await http(origin))


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    for _ in range(400):
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


# --- What is cached ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/page", "/", "/api.js/x", "/x?y.js", "/x.json", "/x.html"])
async def test_what_may_be_dynamic_is_not_cached(edge: Edge, path: str) -> None:
    edge.origin.put(path, Put(b"page", MINUTE))
    assert await edge.statuses(path, 2) == [None, None]
    assert edge.origin.count(path) == 2


@pytest.mark.parametrize("path", ["/app.js", "/a/b.PNG", "/style.css?v=2", "/x.tar.gz"])
async def test_static_files_are_cached_by_their_extension(edge: Edge, path: str) -> None:
    edge.origin.put(path, Put(b"static", MINUTE))
    assert await edge.statuses(path, 3) == ["MISS", "HIT", "HIT"]
    assert edge.origin.count(path) == 1
    found = await edge.get(path)
    assert found["text"] == "static"
    assert found["headers"]["cf-cache-status"] == "HIT"
    assert found["headers"]["age"] == "0"
    assert found["url"] == edge.url + path


async def test_cache_everything_goes_by_the_headers_alone(edge: Edge) -> None:
    cf = {"cacheEverything": True}
    edge.origin.put("/page", Put(b"page", MINUTE))
    edge.origin.put("/own", Put(b"page", {"cache-control": "private, max-age=60"}))
    assert await edge.statuses("/page", 2, cf=cf) == ["MISS", "HIT"]
    assert await edge.statuses("/own", 2, cf=cf) == ["BYPASS", "BYPASS"]
    assert edge.origin.count("/own") == 2


async def test_cache_ttl_overrides_the_headers(edge: Edge) -> None:
    edge.origin.put("/page", Put(b"page", {"cache-control": "no-store", "set-cookie": "a=b"}))
    assert await edge.statuses("/page", 2, cf={"cacheTtl": 60}) == ["MISS", "HIT"]
    assert "set-cookie" not in (await edge.get("/page", cf={"cacheTtl": 60}))["headers"]
    assert await edge.statuses("/page", 1) == [None]


async def test_a_cache_ttl_of_zero_is_over_at_once(edge: Edge) -> None:
    edge.origin.put("/page", Put(b"page", {"etag": '"1"'}))
    expected = ["MISS", "REVALIDATED", "REVALIDATED"]
    assert await edge.statuses("/page", 3, cf={"cacheTtl": 0}) == expected


async def test_cache_ttl_by_status_takes_the_narrowest_range(edge: Edge) -> None:
    cf = {
        "cacheEverything": True,
        "cacheTtlByStatus": {"200-299": 60, "500-599": 60, "503": -1, "404": 0},
    }
    for status in (200, 404, 500, 503):
        edge.origin.put(f"/{status}", Put(b"x", status=status))
    assert await edge.statuses("/200", 2, cf=cf) == ["MISS", "HIT"]
    assert await edge.statuses("/500", 2, cf=cf) == ["MISS", "HIT"]
    assert await edge.statuses("/503", 2, cf=cf) == ["BYPASS", "BYPASS"]
    assert await edge.statuses("/404", 2, cf=cf) == ["BYPASS", "BYPASS"]
    cf.pop("cacheEverything")
    assert await edge.statuses("/200", 1, cf=cf) == ["DYNAMIC"]


async def test_a_cache_key_stands_for_the_url(edge: Edge) -> None:
    for path in ("/a", "/b"):
        edge.origin.put(path, Put(path.encode(), MINUTE))
    cf = {"cacheEverything": True, "cacheKey": "both"}
    assert (await edge.get("/a", cf=cf))["text"] == "/a"
    found = await edge.get("/b", cf=cf)
    assert (found["text"], found["cache"]) == ("/a", "HIT")


async def test_a_cache_key_is_not_for_where_a_redirect_leads(edge: Edge) -> None:
    edge.origin.put("/old", Put(b"", {**MINUTE, "location": "/new"}, status=301))
    edge.origin.put("/new", Put(b"new", MINUTE))
    for _ in range(2):
        found = await edge.get("/old", cf={"cacheEverything": True, "cacheKey": "k"})
        assert (found["text"], found["url"]) == ("new", f"{edge.url}/new")
    assert (edge.origin.count("/old"), edge.origin.count("/new")) == (1, 1)


@pytest.mark.parametrize(
    "options", [{"cache": "no-store"}, {"cf": {"cacheTtl": -1}}, {"cf": {"cacheLevel": "bypass"}}]
)
async def test_the_cache_can_be_passed_by(edge: Edge, options: dict[str, Any]) -> None:
    edge.origin.put("/a.js", Put(b"old", MINUTE), Put(b"new", MINUTE))
    assert await edge.statuses("/a.js", 1) == ["MISS"]
    found = await edge.get("/a.js", **options)
    assert (found["cache"], found["text"]) == ("BYPASS", "new")
    assert (await edge.get("/a.js"))["text"] == "old"


async def test_what_is_stored_can_be_checked_however_fresh_it_is(edge: Edge) -> None:
    edge.origin.put("/a.js", Put(b"1", {**MINUTE, "etag": '"1"'}))
    assert await edge.statuses("/a.js", 2) == ["MISS", "HIT"]
    assert await edge.statuses("/a.js", 1, cache="no-cache") == ["REVALIDATED"]
    assert edge.origin.last("/a.js")["if-none-match"] == '"1"'


async def test_plain_post_requests_are_not_cached_and_invalidate(edge: Edge) -> None:
    edge.origin.put("/a.js", Put(b"old", MINUTE), Put(b"posted"), Put(b"new", MINUTE))
    assert await edge.statuses("/a.js", 2) == ["MISS", "HIT"]
    assert (await edge.get("/a.js", method="POST", body="x"))["text"] == "posted"
    assert (await edge.get("/a.js"))["text"] == "new"


async def test_head_is_answered_from_a_stored_get(edge: Edge) -> None:
    edge.origin.put("/a.js", Put(b"static", MINUTE))
    assert await edge.statuses("/a.js", 1, method="HEAD") == ["MISS"]
    await edge.get("/a.js")
    found = await edge.get("/a.js", method="HEAD")
    assert (found["cache"], found["text"]) == ("HIT", "")
    assert found["headers"]["content-length"] == "6"


async def test_ranges_are_cut_from_what_is_stored(edge: Edge) -> None:
    edge.origin.put("/a.js", Put(b"0123456789", MINUTE))
    await edge.get("/a.js")
    found = await edge.get("/a.js", headers={"range": "bytes=3-5"})
    assert (found["status"], found["text"], found["cache"]) == (206, "345", "HIT")


async def test_a_conditional_request_fills_the_cache_and_gets_its_304(edge: Edge) -> None:
    edge.origin.put("/a.js", Put(b"static", {**MINUTE, "etag": '"1"'}))
    first = await edge.get("/a.js", headers={"if-none-match": '"1"'})
    assert (first["status"], first["cache"]) == (304, "MISS")
    assert "if-none-match" not in edge.origin.last("/a.js")
    assert await edge.statuses("/a.js", 1) == ["HIT"]


async def test_responses_vary(edge: Edge) -> None:
    vary = {**MINUTE, "vary": "accept-language"}
    edge.origin.put("/a.js", Put(b"de", vary), Put(b"fr", vary))
    texts = [
        (await edge.get("/a.js", headers={"accept-language": language}))["text"]
        for language in ("de", "fr", "de", "fr")
    ]
    assert texts == ["de", "fr", "de", "fr"]
    assert edge.origin.count("/a.js") == 2


async def test_errors_are_not_cached(edge: Edge) -> None:
    edge.origin.put("/a.js", Put(b"bad", status=500), Put(b"good", MINUTE))
    assert await edge.statuses("/a.js", 3) == ["BYPASS", "MISS", "HIT"]


async def test_what_an_upstream_says_of_its_own_cache_is_not_ours(edge: Edge) -> None:
    edge.origin.put("/a.js", Put(b"x", {**MINUTE, "cf-cache-status": "STALE", "age": "30"}))
    found = await edge.get("/a.js")
    assert found["headers"]["cf-cache-status"] == "MISS"
    assert found["headers"]["age"] == "30"


# --- Stale ---------------------------------------------------------------------------------------


async def expire(edge: Edge, path: str, **options: Any) -> None:
    """Stores what is fresh for a second, and lets that pass."""
    assert await edge.statuses(path, 2, **options) == ["MISS", "HIT"]
    await asyncio.sleep(1.1)


async def test_what_is_stale_is_replaced_or_confirmed(edge: Edge) -> None:
    short = {"cache-control": "max-age=1", "etag": '"1"'}
    edge.origin.put("/a.js", Put(b"one", short), Put(b"one", {**short, "x-new": "yes"}),
                    Put(b"two", {**MINUTE, "etag": '"2"'}))  # fmt: skip
    await expire(edge, "/a.js")
    confirmed = await edge.get("/a.js")
    assert (confirmed["cache"], confirmed["text"]) == ("REVALIDATED", "one")
    assert confirmed["headers"]["x-new"] == "yes"
    assert await edge.statuses("/a.js", 1) == ["HIT"]
    await asyncio.sleep(1.1)
    replaced = await edge.get("/a.js")
    assert (replaced["cache"], replaced["text"]) == ("EXPIRED", "two")
    assert await edge.statuses("/a.js", 1) == ["HIT"]


async def test_stale_while_revalidate_asks_once_in_the_background(edge: Edge) -> None:
    hold = asyncio.Event()
    swr = {"cache-control": "max-age=1, stale-while-revalidate=60"}
    edge.origin.put("/a.js", Put(b"old", swr), Put(b"new", MINUTE, hold=hold))
    await expire(edge, "/a.js")
    for found in await edge.get_all("/a.js", 5) + await edge.get_all("/a.js", 5):
        assert (found["cache"], found["text"]) == ("UPDATING", "old")
    await until(lambda: edge.origin.count("/a.js") == 2)
    hold.set()

    async def is_new() -> bool:
        found = await edge.get("/a.js")
        return (found["cache"], found["text"]) == ("HIT", "new")

    await until(is_new)
    assert edge.origin.count("/a.js") == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_stale_if_error_hides_a_failing_upstream(edge: Edge, status: int) -> None:
    sie = {"cache-control": "max-age=1, stale-if-error=60"}
    edge.origin.put("/a.js", Put(b"old", sie), Put(b"broken", status=status))
    await expire(edge, "/a.js")
    for _ in range(2):
        found = await edge.get("/a.js")
        assert (found["cache"], found["text"]) == ("STALE", "old")
    edge.origin.put("/a.js", Put(b"new", MINUTE))
    assert await edge.statuses("/a.js", 2) == ["EXPIRED", "HIT"]


async def test_stale_if_error_hides_an_upstream_that_is_gone(edge: Edge) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ncache-control: max-age=1, stale-if-error=60\r\n"
        writer.write(head + b"content-length: 3\r\nconnection: close\r\n\r\nold")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    edge.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await expire(edge, "/a.js")
    server.close()
    await server.wait_closed()
    found = await edge.get("/a.js")
    assert (found["cache"], found["text"]) == ("STALE", "old")
    assert "error" in await edge.get("/other.js")


@pytest.mark.parametrize("directive", ["must-revalidate", "proxy-revalidate"])
async def test_what_must_be_revalidated_is_never_stale(edge: Edge, directive: str) -> None:
    windows = "stale-if-error=60, stale-while-revalidate=60"
    headers = {"cache-control": f"max-age=1, {directive}, {windows}"}
    edge.origin.put("/a.js", Put(b"old", headers), Put(b"broken", status=503))
    await expire(edge, "/a.js")
    assert (await edge.get("/a.js"))["status"] == 503


# --- Many at once --------------------------------------------------------------------------------


async def test_concurrent_misses_are_one_request(edge: Edge) -> None:
    hold = asyncio.Event()
    edge.origin.put("/a.js", Put(b"static", MINUTE, hold=hold))
    asking = [asyncio.create_task(edge.get_all("/a.js", 3)) for _ in range(4)]
    await until(lambda: edge.origin.count("/a.js") == 1)
    await asyncio.sleep(0.2)
    hold.set()
    found = [one for answers in await asyncio.gather(*asking) for one in answers]
    assert [one["text"] for one in found] == ["static"] * 12
    assert sorted(one["cache"] for one in found) == ["HIT"] * 11 + ["MISS"]
    assert edge.origin.count("/a.js") == 1


async def test_a_body_streams_to_all_who_wait_for_it(edge: Edge) -> None:
    hold = asyncio.Event()
    half = b"x" * 100_000
    edge.origin.put("/a.js", Put(half + half, MINUTE, chunked=True, hold=hold))
    ask = json.dumps({"pass": True, "url": f"{edge.url}/a.js"})
    first, second = [await edge.running.fetch(method="POST", body=ask) for _ in range(2)]
    assert edge.origin.count("/a.js") == 1
    bodies = [aiter(first), aiter(second)]
    got = [0, 0]
    for index in (0, 1):
        while got[index] < len(half):
            got[index] += len(await anext(bodies[index]))
    assert got == [len(half), len(half)]  # the upstream has not sent more
    hold.set()
    for index in (0, 1):
        async for chunk in bodies[index]:
            got[index] += len(chunk)
    assert got == [2 * len(half), 2 * len(half)]
    assert first.headers["cf-cache-status"] == "MISS"
    assert second.headers["cf-cache-status"] == "HIT"

    async def is_stored() -> bool:
        found = await edge.get("/a.js")
        return found["cache"] == "HIT" and len(found["text"]) == 2 * len(half)

    await until(is_stored)
    assert edge.origin.count("/a.js") == 1


async def test_what_turns_out_to_be_for_one_is_asked_for_by_each(edge: Edge) -> None:
    hold = asyncio.Event()
    edge.origin.put("/a.js", Put(b"own", {"cache-control": "private"}, hold=hold))
    asking = asyncio.create_task(edge.get_all("/a.js", 4))
    await until(lambda: edge.origin.count("/a.js") == 1)
    await asyncio.sleep(0.2)
    hold.set()
    assert [found["text"] for found in await asking] == ["own"] * 4
    assert edge.origin.count("/a.js") == 4


async def test_requests_with_authorization_share_nothing(edge: Edge) -> None:
    hold = asyncio.Event()
    edge.origin.put("/a.js", Put(b"own", MINUTE, hold=hold))
    asking = asyncio.create_task(edge.get_all("/a.js", 3, headers={"authorization": "Basic eDp4"}))
    await until(lambda: edge.origin.count("/a.js") == 3)
    hold.set()
    assert {found["cache"] for found in await asking} == {"BYPASS"}


async def test_a_body_that_breaks_off_is_not_stored(edge: Edge) -> None:
    edge.origin.put(
        "/a.js",
        Put(b"half", [("cache-control", "max-age=60"), ("content-length", "1000")], chunked=True),
        Put(b"whole", MINUTE),
    )
    assert "error" in await edge.get("/a.js")
    found = await edge.get("/a.js")
    assert (found["cache"], found["text"]) == ("MISS", "whole")


async def test_a_body_that_nobody_reads_is_given_up_and_not_stored(edge: Edge) -> None:
    hold = asyncio.Event()
    big = Put(b"x" * 1_000_000, MINUTE, chunked=True, hold=hold)
    edge.origin.put("/a.js", big, Put(b"whole", MINUTE))
    ask = json.dumps({"peek": True, "url": f"{edge.url}/a.js"})
    assert await edge.running.json(method="POST", body=ask) == 200

    async def is_asked_again() -> bool:
        return (await edge.get("/a.js"))["text"] == "whole"

    await until(is_asked_again)
    hold.set()


async def test_a_body_larger_than_the_cache_is_passed_on(edge: Edge) -> None:
    size = 20 << 20
    edge.origin.put("/a.bin", Put(b"x" * size, MINUTE, chunked=True))
    ask = json.dumps({"pass": True, "url": f"{edge.url}/a.bin"})
    for _ in range(2):
        response = await edge.running.fetch(method="POST", body=ask)
        assert len(await response.bytes()) == size
    assert edge.origin.count("/a.bin") == 2
