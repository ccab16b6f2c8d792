"""Which of several Workers a request is for."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from edgewright import ConfigError
from edgewright.gateway.routes import Router
from edgewright.url_path import normal_target
from tests.support.running import Run, Serve

ANSWER = """export default { fetch: (request, env) => new Response(`NAME ${request.url}`) };"""


def worker(folder: Path, name: str, *routes: str) -> Path:
    home = folder / name
    home.mkdir()
    (home / "wrangler.toml").write_text(
        f'name = "{name}"\nmain = "w.js"\nroutes = {list(routes)!r}\n'
    )
    (home / "w.js").write_text(ANSWER.replace("NAME", name))
    return home


async def router(run: Run, *paths: Path, dev: bool = False) -> Router:
    running = await run(paths[0], others=paths[1:])
    handler = running.worker.dispatcher(dev=dev)
    assert isinstance(handler, Router)
    return handler


async def test_the_most_specific_route_wins(run: Run, tmp_path: Path) -> None:
    handler = await router(
        run,
        worker(tmp_path, "all", "*/*"),
        worker(tmp_path, "sub", "*.example.com/*"),
        worker(tmp_path, "www", "www.example.com/*"),
        worker(tmp_path, "api", "www.example.com/api/*", "www.example.com/api"),
        worker(tmp_path, "tls", "https://www.example.com/api/*"),
    )
    found = {
        url: handler.worker_for(url)
        for url in (
            "http://other.test/",
            "http://a.example.com/",
            "http://www.example.com/",
            "http://WWW.example.com:8787/api",
            "http://www.example.com/api/x?y",
            "https://www.example.com/api/x",
            "http://www.example.com/api?q",
        )
    }
    assert list(found.values()) == ["all", "sub", "www", "api", "api", "tls", "www"]


async def test_dots_in_a_path_lead_nowhere_else(run: Run, tmp_path: Path) -> None:
    handler = await router(
        run, worker(tmp_path, "public", "a.com/public/*"), worker(tmp_path, "rest", "a.com/*")
    )
    for path in ("/public/../admin", "/public/%2e%2E/admin", "/public\\..\\admin", "/x/./y"):
        assert handler.worker_for(f"http://a.com{path}") == "rest"
    assert handler.worker_for("http://a.com/x/../public/a") == "public"


@pytest.mark.parametrize(
    ("target", "normal"),
    [
        ("/a/b?c=/../d", "/a/b?c=/../d"),
        ("/a/..", "/"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/../../a", "/a"),
        ("/.a/..b/c.", "/.a/..b/c."),
    ],
)
def test_a_target_is_normalised_as_an_url_is(target: str, normal: str) -> None:
    assert normal_target(target) == normal


async def test_what_no_route_matches_goes_to_the_first_if_it_has_none(
    run: Run, tmp_path: Path
) -> None:
    handler = await router(run, worker(tmp_path, "first"), worker(tmp_path, "b", "b.com/*"))
    assert handler.worker_for("http://other/") == "first"
    assert handler.worker_for("http://b.com/") == "b"


async def test_what_no_route_matches_is_not_found_and_in_dev_the_first_s(
    run: Run, http: Serve, tmp_path: Path
) -> None:
    running = await run(worker(tmp_path, "a", "a.com/*"), others=[worker(tmp_path, "b", "b.com/*")])
    url = await http(running.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        answers = [
            await client.get(f"{url}/x", headers={"host": host}) for host in ("a.com", "b.com", "c")
        ]
    assert [each.text for each in answers[:2]] == ["a http://a.com/x", "b http://b.com/x"]
    assert answers[2].status_code == 404
    dev = running.worker.dispatcher(dev=True)
    assert isinstance(dev, Router)
    assert dev.worker_for("http://c/") == "a"


async def test_a_route_is_of_one_worker(run: Run, tmp_path: Path) -> None:
    paths = [worker(tmp_path, name, "http://A.com/x*") for name in ("a", "b")]
    with pytest.raises(ConfigError, match=r'"http://A.com/x\*" is of two Workers, "a" and "b"'):
        await run(paths[0], others=paths[1:])
