"""Services that are no Workers: an ASGI application in the gateway, and an origin."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from edgewright import ConfigError
from tests.support.running import Command, Origin, Run, Running, eventually
from tests.workers.outside.application import app, fails
from tests.workers.outside.application import seen as told

Edgewright = Callable[..., Awaitable[Command]]

HERE = Path(__file__).parent / "outside"


@pytest.fixture
async def running(run: Run, upstream: Origin) -> Running:
    return await run(HERE, services={"py": app, "api": f"{upstream.url}/base"}, outbound="public")


async def test_an_application_answers(running: Running) -> None:
    response = await running.fetch("/PY/a%20b?c=d", method="POST", body=b"x" * 5)
    assert await response.text() == "POST https://inner.test/a b?c=d worker yes 5"
    assert response.headers["x-said"] == "hello"
    assert response.headers["x-url"] == "https://inner.test/a%20b?c=d"


async def test_a_large_body_goes_there_and_a_stream_comes_back(running: Running) -> None:
    response = await running.fetch("/PY/large", method="POST", body=b"x" * 3_000_000)
    assert (await response.text()).endswith(" yes 3000000")
    assert await running.text("/PY/stream") == "".join(f"{i}," for i in range(1000))


async def test_what_an_application_throws_is_for_the_operator(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await running.text("/PY/throws") == "Error: The service has failed."
    assert "ValueError: a secret" in capfd.readouterr().err
    assert (
        await running.text("/PY/silent") == "Error: The service has ended without having answered."
    )


async def test_a_response_may_break_off(running: Running) -> None:
    response = await running.fetch("/PY/breaks")
    with pytest.raises(Exception, match="has failed"):
        await response.bytes()


async def test_a_redirect_is_followed_by_the_same_service(running: Running) -> None:
    response = await running.fetch("/PY/redirect")
    assert (await response.text()).startswith("GET https://inner.test/there?a=b ")
    assert response.headers["x-redirected"] == "true"
    assert response.headers["x-url"] == "https://inner.test/there?a=b"
    assert (await running.fetch("/PY/redirect?redirect=manual")).status == 302
    assert await running.text("/PY/redirect?redirect=error") == "TypeError: Unexpected redirect"
    assert [r.subrequests for r in running.observed.requests] == [2, 1, 1]


async def test_a_service_that_is_no_worker_has_no_methods(running: Running) -> None:
    said = "The service behind this binding is no Worker: it has fetch(), and no methods."
    assert await running.text("/PY/rpc") == f"TypeError: {said}"


async def test_an_origin_is_reached_whatever_the_worker_may_reach(
    running: Running, upstream: Origin
) -> None:
    response = await running.fetch("/API/echo?a=b", method="PUT", body=b"text")
    assert response.headers["x-url"] == "https://inner.test/echo?a=b"
    (seen,) = upstream.app.seen
    assert (seen.method, seen.path, seen.body) == ("PUT", "/base/echo?a=b", b"text")
    assert seen.headers["host"] == upstream.url.removeprefix("http://")
    assert seen.headers["x-from"] == "worker"


async def test_lifespan_is_told_to_the_application(run: Run, upstream: Origin) -> None:
    told.clear()
    running = await run(HERE, services={"py": app, "api": upstream.url})
    assert told == ["lifespan.startup"]
    await running.worker.__aexit__(None, None, None)
    assert await eventually(lambda: told == ["lifespan.startup", "lifespan.shutdown"])


@pytest.mark.parametrize(
    ("services", "message"),
    [
        ({"py": app}, 'leads to the Worker "api", which is not served'),
        ({"py": fails, "api": "http://a"}, 'service "py" could not start: no database'),
        (
            {"py": "asgi:no_such_module:app", "api": "http://a"},
            "can't be loaded: ModuleNotF",
        ),
        ({"py": "asgi:json:__name__", "api": "http://a"}, "is no ASGI application"),
        ({"py": "asgi:json", "api": "http://a"}, "must be asgi:module:app"),
        ({"py": "ftp://a", "api": "http://a"}, "must be asgi:module:app, http://"),
        ({"py": app, "api": "http://a/?b"}, "must be an origin, with a path at most"),
        ({"py": app, "api": "http://a", "outside": app}, "a Worker and a service named"),
    ],
)
async def test_what_is_no_service_stops_the_start(
    run: Run, services: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        await run(HERE, services=services)


async def test_the_command_takes_services(edgewright: Edgewright, upstream: Origin) -> None:
    place = "asgi:tests.workers.outside.application:app"
    command = await edgewright(
        "serve", HERE, "--service", f"py={place}", "--service", f"api={upstream.url}"
    )
    async with httpx.AsyncClient(timeout=60) as client:
        text = (await client.get(f"{command.url}/PY/x")).text
    assert text == "GET https://inner.test/x? worker yes 0"
