"""Redirects as a Worker sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import Origin, Run, Serve
from upstream import Upstream

WORKER = Path(__file__).parent / "redirects.js"


async def ask(run: Run, url: str, **init: Any) -> dict[str, Any]:
    running = await run(WORKER)
    return await running.json(method="POST", body=json.dumps({"url": url, "init": init}))


async def test_followed_by_default(run: Run, upstream: Origin) -> None:
    answer = await ask(run, f"{upstream.url}/redirect/302?to=/there%23hash")
    assert answer["status"] == 200
    assert answer["redirected"]
    assert answer["url"] == f"{upstream.url}/there"  # without the fragment (Fetch §5.5)
    assert answer["text"] == "origin /there"


async def test_manual_shows_the_redirect_itself(run: Run, upstream: Origin) -> None:
    answer = await ask(run, f"{upstream.url}/redirect/302?to=/there", redirect="manual")
    assert answer["status"] == 302
    assert answer["location"] == "/there"
    assert answer["text"] == "elsewhere"
    assert not answer["redirected"]


async def test_error_refuses_redirects(run: Run, upstream: Origin) -> None:
    answer = await ask(run, f"{upstream.url}/redirect/302?to=/there", redirect="error")
    assert answer["error"].startswith("TypeError: ")
    plain = await ask(run, f"{upstream.url}/there", redirect="error")
    assert plain["status"] == 200


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""), (307, "POST", b"x"),
     (308, "POST", b"x")],
)  # fmt: skip
async def test_which_redirects_turn_a_post_into_a_get(
    run: Run, upstream: Origin, status: int, method: str, body: bytes
) -> None:
    url = f"{upstream.url}/redirect/{status}?to=/there"
    await ask(run, url, method="POST", body="x", headers={"content-type": "text/x"})
    last = upstream.app.seen[-1]
    assert (last.path, last.method, last.body) == ("/there", method, body)
    assert ("content-type" in last.headers) == (method == "POST")


async def test_a_loop_ends(run: Run, upstream: Origin) -> None:
    answer = await ask(run, f"{upstream.url}/loop")
    assert answer["error"] == "TypeError: Too many redirects."
    assert len(upstream.app.seen) == 21


async def test_credentials_stay_with_their_origin(run: Run, upstream: Origin, http: Serve) -> None:
    other = Upstream()
    other_url = await http(other)
    headers = {"authorization": "secret", "cookie": "a=b", "x-other": "1"}
    url = f"{upstream.url}/redirect/302?to={other_url}/there"
    await ask(run, url, headers=headers)
    seen = other.seen[0].headers
    assert "authorization" not in seen
    assert "cookie" not in seen
    assert seen["x-other"] == "1"
