"""The caches that a Worker fills itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import Origin, Run, Running
from upstream import TEXT

WORKER = Path(__file__).parent / "cache_api.js"


async def scene(running: Running, name: str, **options: Any) -> Any:
    return await running.json(f"/{name}", method="POST", body=json.dumps(options))


async def test_what_is_put_is_matched_until_it_is_deleted(run: Run) -> None:
    seen = await scene(await run(WORKER), "round")
    assert seen["before"] is seen["put"] is seen["other"] is None
    assert seen["found"]["status"] == 404
    assert seen["found"]["text"] == "hello"
    assert seen["found"]["headers"]["x-own"] == "yes"
    assert seen["found"]["headers"]["cf-cache-status"] == "HIT"
    assert seen["found"]["headers"]["age"] == "0"
    assert seen["deleted"] == [True, False]


@pytest.mark.parametrize(
    ("stored", "options"),
    [
        (True, {"headers": {}}),
        (True, {"headers": {}, "status": 404}),
        (False, {"headers": {}, "status": 500}),
        (True, {"headers": {"cache-control": "max-age=60"}, "status": 500}),
        (True, {"headers": {"cache-control": "max-age=60"}, "status": 204}),
        (True, {"headers": {"cache-control": "max-age=0, s-maxage=60"}}),
        (False, {"headers": {"cache-control": "max-age=60, s-maxage=0"}}),
        (False, {"headers": {"cache-control": "no-store, max-age=60"}}),
        (False, {"headers": {"cache-control": "no-cache"}}),
        (False, {"headers": {"cache-control": "private"}}),
        (False, {"headers": {"cache-control": "max-age=0"}}),
        (False, {"headers": {"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}}),
        (False, {"headers": {"expires": "0"}}),
        (True, {"headers": {"expires": "Thu, 01 Jan 2099 00:00:00 GMT"}}),
        (False, {"headers": {"cache-control": "max-age=60", "age": "60"}}),
        (False, {"headers": {"cache-control": "max-age=60", "set-cookie": "a=b"}}),
        (True, {"headers": {"cache-control": "max-age=60, private=set-cookie",
                            "set-cookie": "a=b"}}),
        (False, {"headers": {"cache-control": "max-age=60"},
                 "requestHeaders": {"authorization": "Basic eDp4"}}),
        (True, {"headers": {"cache-control": "public, max-age=60"},
                "requestHeaders": {"authorization": "Basic eDp4"}}),
    ],
)  # fmt: skip
async def test_headers_say_what_is_stored(run: Run, stored: bool, options: dict[str, Any]) -> None:
    found = await scene(await run(WORKER), "put", **options)
    assert (found is not None) == stored
    if found is not None:
        assert "set-cookie" not in found["headers"]


async def test_what_can_not_be_stored_is_refused_with_the_platforms_words(run: Run) -> None:
    errors = await scene(await run(WORKER), "refused")
    assert errors[:3] == [
        "TypeError: Cannot cache response to non-GET request.",
        "TypeError: Cannot cache response to a range request (206 Partial Content).",
        "TypeError: Cannot cache response with 'Vary: *' header.",
    ]
    assert all(error.startswith("TypeError: ") for error in errors[:-1])
    assert errors[-1] is None  # a 304 is not stored, and no error


async def test_only_get_matches_unless_the_method_is_ignored(run: Run) -> None:
    assert await scene(await run(WORKER), "methods") == {
        "head": None,
        "ignored": "hello",
        "deleted": False,
        "deletedIgnored": True,
    }


async def test_caches_with_other_names_are_others(run: Run) -> None:
    seen = await scene(await run(WORKER), "named")
    assert seen == {"again": 200, "other": None, "default": None}


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({"range": "bytes=2-4"}, 206, "234"),
        ({"range": "bytes=7-"}, 206, "789"),
        ({"range": "bytes=-2"}, 206, "89"),
        ({"range": "bytes=5-99"}, 206, "56789"),
        ({"range": "bytes=10-"}, 416, ""),
        ({"range": "bytes=0-1,3-4"}, 200, "0123456789"),
        ({"range": "lines=1-2"}, 200, "0123456789"),
        ({"range": "bytes=0-1", "if-range": '"v1"'}, 206, "01"),
        ({"range": "bytes=0-1", "if-range": '"v0"'}, 200, "0123456789"),
        ({"if-none-match": '"v1"'}, 304, ""),
        ({"if-none-match": '"v0", W/"v1"'}, 304, ""),
        ({"if-none-match": '"v0"'}, 200, "0123456789"),
        ({"if-none-match": "*"}, 304, ""),
        ({"if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}, 304, ""),
        ({"if-modified-since": "Wed, 01 Jan 2025 00:00:00 GMT"}, 200, "0123456789"),
    ],
)
async def test_a_match_answers_ranges_and_conditions(
    run: Run, headers: dict[str, str], status: int, text: str
) -> None:
    stored = {"last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
    found = await scene(await run(WORKER), "ask", headers=headers, stored=stored)
    assert (found["status"], found["text"]) == (status, text)
    if status == 206:
        start = "0123456789".index(text)
        assert found["headers"]["content-range"] == f"bytes {start}-{start + len(text) - 1}/10"
        assert found["headers"]["content-length"] == str(len(text))
    if status == 416:
        assert found["headers"]["content-range"] == "bytes */10"


async def test_responses_vary(run: Run) -> None:
    assert await scene(await run(WORKER), "vary") == ["hallo", "salut", None, None]


async def test_what_is_not_fresh_is_not_there(run: Run) -> None:
    assert await scene(await run(WORKER), "expires") == ["short", None]


async def test_a_stream_is_there_when_it_has_ended(run: Run) -> None:
    seen = await scene(await run(WORKER), "stream")
    assert seen["early"] is None
    assert seen["found"]["text"] == "one,two"


async def test_a_stream_that_breaks_is_not_stored(run: Run) -> None:
    error, found = await scene(await run(WORKER), "broken")
    assert error == "RangeError: no more"
    assert found is None


async def test_bodies_are_stored_as_they_are_coded(run: Run, upstream: Origin) -> None:
    seen = await scene(await run(WORKER), "upstream", url=f"{upstream.url}/gzip")
    assert seen == {"coding": "gzip", "length": len(TEXT)}


async def test_large_bodies_pass_through_without_entering_the_isolate(
    run: Run, upstream: Origin
) -> None:
    running = await run(WORKER, limits={"memory_mb": 16})
    url = f"{upstream.url}/bytes/{6 << 20}"
    assert await scene(running, "keep", url=url) == "kept"
    answer = await running.fetch("/serve", method="POST", body=json.dumps({"url": url}))
    assert len(await answer.bytes()) == 6 << 20
    assert answer.headers["cf-cache-status"] == "HIT"


async def test_each_op_counts_as_a_subrequest(run: Run) -> None:
    errors = await scene(await run(WORKER, limits={"subrequests": 3}), "many", count=5)
    assert errors == [None] * 3 + ["Error: Too many subrequests."] * 2


async def test_wait_until_stores_after_the_response(run: Run) -> None:
    running = await run(WORKER)
    assert await scene(running, "later") == "soon"
    assert (await scene(running, "look"))["text"] == "later"


async def test_workers_do_not_see_each_others_caches(run: Run, tmp_path: Path) -> None:
    """Both in one node, which is what a tenant would try."""
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "index.js").write_text(WORKER.read_text())
        binding = '[[services]]\nbinding = "TWO"\nservice = "two"\n' if name == "one" else ""
        (folder / "wrangler.toml").write_text(f'name = "{name}"\nmain = "index.js"\n{binding}')
    script = (tmp_path / "one/index.js").read_text()
    script = script.replace(
        'if (name === "serve")', 'if (name.startsWith("two/"))\n'
        '      return env.TWO.fetch(request.url.replace("/two/", "/"));\n'
        '    if (name === "serve")'
    )  # fmt: skip
    (tmp_path / "one/index.js").write_text(script)
    running = await run(tmp_path / "one", others=[tmp_path / "two"])
    await scene(running, "later")
    assert (await scene(running, "look"))["text"] == "later"
    assert await running.json("/two/look") is None
