"""Rate limits: as a binding, and as rules that hold before a Worker is woken."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from running import Command, Run, Running, Serve

from edgewright.observe.records import Outcome

WORKER = Path(__file__).parent / "rate_limits"


@pytest.fixture(params=["memory", "shared"])
async def limited(run: Run, request: pytest.FixtureRequest, tmp_path: Path) -> Running:
    return await run(WORKER, state=tmp_path if request.param == "shared" else None)


async def test_so_many_and_no_more(limited: Running) -> None:
    allowed = Counter(await limited.json("/limit?count=20"))
    # A period may end in between.
    assert allowed[True] in (5, 6, 7, 8, 9, 10)
    assert allowed[True] + allowed[False] == 20


async def test_each_key_is_counted_apart(limited: Running) -> None:
    for key in "abc":
        assert (await limited.json(f"/limit?key={key}"))[0] is True


async def test_bindings_of_one_namespace_count_together(limited: Running) -> None:
    first = await limited.json("/limit?count=5")
    second = await limited.json("/limit?binding=SAME&count=5")
    other = await limited.json("/limit?binding=OTHER&count=1")
    assert Counter([*first, *second])[False] >= 3
    assert other == [True]


async def test_a_call_may_count_as_many(limited: Running) -> None:
    assert await limited.json("/limit?delta=100") == [True]
    assert await limited.json("/limit") == [False]


async def test_what_is_asked_for_must_make_sense(limited: Running) -> None:
    assert await limited.json("/wrong") == [
        "invalid rate limit options",
        "invalid key: 5",
        "bad rate limit options: [limits,x]",
        "invalid delta: 0",
        True,
        "RateLimit",
    ]


@pytest.fixture
async def client(limited: Running, http: Serve) -> httpx.AsyncClient:
    url = await http(limited.worker.asgi())
    return httpx.AsyncClient(base_url=url, timeout=30)


async def test_a_rule_answers_before_the_worker_is_woken(
    limited: Running, client: httpx.AsyncClient
) -> None:
    async with client:
        answers = [await client.get(f"/ruled/{n}") for n in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[4].text == "error code: 1015"
        assert 1 <= int(answers[4].headers["retry-after"]) <= 2 * 3600
        page = await client.get("/ruled/", headers={"accept": "text/html"})
        assert "Error 1015" in page.text
        assert "You are being rate limited" in page.text
        assert (await client.get("/free")).text == "served"
        assert (await client.get("/woken")).text == "4"
    outcomes = Counter(record.outcome for record in limited.observed.requests)
    assert outcomes == {Outcome.OK: 5, Outcome.RATE_LIMITED: 3}


@pytest.mark.parametrize(
    "path",
    [
        "/ruled/a?b#c",
        "/rule%64/",
        "/x/../ruled/",
        "/x/%2e%2E/ruled/",
        "/./ruled/a%2f..%2f..%2fx",
        "/ruled\\a",
        "/ruled/../ruled/",
    ],
)
async def test_no_way_of_writing_a_path_gets_around_a_rule(
    limited: Running, http: Serve, path: str
) -> None:
    url = await http(limited.worker.asgi())
    port = int(url.rpartition(":")[2])
    statuses = []
    for _ in range(4):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".encode())
        statuses.append((await reader.read()).split(b" ", 2)[1])
        writer.close()
    assert statuses == [b"200", b"200", b"200", b"429"]


async def test_a_rule_may_be_of_a_host_a_method_and_a_header(client: httpx.AsyncClient) -> None:
    async def post(host: str, key: str, method: str = "POST") -> int:
        headers = {"host": host, "x-api-key": key}
        return (await client.request(method, "/x", headers=headers)).status_code

    async with client:
        assert [await post("API.test:80", "one") for _ in range(3)] == [200, 200, 429]
        assert await post("api.test", "two") == 200
        assert await post("other.test", "one") == 200
        assert await post("api.test", "one", "GET") == 200


async def test_a_rule_may_be_of_all_together(client: httpx.AsyncClient) -> None:
    async with client:
        statuses = [(await client.get("/everybody")).status_code for _ in range(6)]
        assert statuses == [200, 200, 200, 200, 429, 429]


async def test_the_gateways_of_a_node_count_together(
    edgewright: Callable[..., Awaitable[Command]], tmp_path: Path
) -> None:
    """Three processes, many connections at once, and no more let through than there may be."""
    command = await edgewright("serve", WORKER, "--workers", "3", "--state", tmp_path / "state")
    limits = httpx.Limits(max_connections=30, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=command.url, limits=limits, timeout=60) as client:
        ruled = await asyncio.gather(*(client.get("/everybody") for _ in range(60)))
        assert Counter(r.status_code for r in ruled) == {200: 4, 429: 56}
        bound = await asyncio.gather(*(client.get("/limit?binding=LIMITER") for _ in range(60)))
        assert all(r.status_code == 200 for r in bound)
        allowed = sum(r.json()[0] for r in bound)
        assert 5 <= allowed <= 10  # twice as many where a period ends in between
