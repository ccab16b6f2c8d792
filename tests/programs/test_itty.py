"""itty.js: a program with itty-router."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from bundling import LIMITS, Bundle
from running import Origin, Run, Running

from edgewright import Outcome


@pytest.fixture
async def itty(bundle: Bundle, run: Run, upstream: Origin) -> AsyncIterator[Running]:
    running = await run(bundle("itty.js"), env={"ORIGIN": upstream.url}, limits=LIMITS)
    yield running
    assert {record.outcome for record in running.observed.requests} == {Outcome.OK}


async def test_values_become_json(itty: Running) -> None:
    assert await itty.json("/v1/todos") == [{"id": "1", "title": "write"}]
    assert await itty.json("/v1/todos/1") == {"id": "1", "title": "write"}


async def test_errors_become_responses(itty: Running) -> None:
    missing = await itty.fetch("/v1/todos/9")
    assert (missing.status, await missing.json()) == (404, {"status": 404, "error": "no such todo"})
    nowhere = await itty.fetch("/v1/nowhere")
    assert (nowhere.status, (await nowhere.json())["status"]) == (404, 404)
    broken = await itty.fetch("/v1/broken")
    assert broken.status == 500
    assert itty.logged == ["failed: missing is not defined"]


async def test_bodies(itty: Running) -> None:
    headers = {"content-type": "application/json"}
    made = await itty.fetch("/v1/todos", method="POST", headers=headers, body='{"title": "read"}')
    assert (made.status, await made.json()) == (201, {"id": "2", "title": "read"})
    refused = await itty.fetch("/v1/todos", method="POST", headers=headers, body="{}")
    assert (refused.status, (await refused.json())["error"]) == (422, "title is missing")


async def test_greedy_parameters_and_queries(itty: Running) -> None:
    told = await itty.json("/v1/files/a/b.txt?x=1&x=2&y=%20")
    assert told == {"path": "a/b.txt", "query": {"x": ["1", "2"], "y": " "}}


async def test_cookies(itty: Running) -> None:
    assert await itty.text("/v1/me", headers={"cookie": "name=ann; other=1"}) == "hello ann"


async def test_cors_headers_on_an_upstream_s_response(itty: Running) -> None:
    headers = {"origin": "https://app.test"}
    answer = await itty.fetch("/v1/origin", headers=headers)
    assert await answer.text() == "origin /from/itty"
    assert answer.headers["access-control-allow-origin"] == "https://app.test"
    assert answer.headers["x-origin"] == "yes"
    preflight = await itty.fetch("/v1/origin", method="OPTIONS", headers=headers)
    assert preflight.status == 204
