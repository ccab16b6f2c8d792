"""Workers that misbehave: what they patch, what they look for, what they keep."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from pathlib import Path

import pytest
from running import Origin, Run, eventually

from edgewright import WorkerException
from edgewright.messages import BodyError

HOSTILE = Path(__file__).parent / "hostile"


async def test_no_code_is_made_from_strings(run: Run) -> None:
    running = await run(HOSTILE / "code_from_strings.js")
    said = await running.json()
    refused = "EvalError: Code generation from strings disallowed for this context"
    for name, message in said["inRequest"].items():
        if name in ("setTimeout", "setInterval"):
            assert message == (
                'TypeError: The "callback" argument must be of type function. '
                "Received type string ('1')"
            )
        else:
            assert message == refused, name
    del said["atStart"]["setTimeout"], said["atStart"]["setInterval"]
    assert set(said["atStart"].values()) == {refused}
    assert said["harmless"] == 1


async def test_the_runtime_layer_still_loads_its_own_scripts(run: Run) -> None:
    running = await run(HOSTILE / "code_from_strings.js")
    assert await running.text("/lazy") == "xn--bcher-kva.example"


async def test_the_bindings_of_the_engine_are_not_to_be_seen(run: Run) -> None:
    running = await run(HOSTILE / "names.js")
    assert await running.json() == []


SCENES = [
    "plain",
    "body",
    "json",
    "headers",
    "fetch",
    "pass",
    "timers",
    "events",
    "params",
    "clone",
    "clones",
    "crypto",
    "caches",
    "cached",
    "kv",
    "limiter",
    "throws",
]
ALLOWED = {
    # What the Worker handed in is asked, as Web IDL wants it.
    "%ArrayIterator%.next by flatFromInit",
    "Array.prototype.Symbol(Symbol.iterator) by flatFromInit",
    "%ArrayIterator%.next by AbortSignal.any",
    "Array.prototype.Symbol(Symbol.iterator) by AbortSignal.any",
    "get Object.prototype.signal by Request.#",
    "get Object.prototype.signal by flatten",
    "%ArrayIterator%.next by toBuffers",
    "Array.prototype.Symbol(Symbol.iterator) by toBuffers",
    "%ArrayIterator%.next by toJwk",
    "%ArrayIterator%.next by toUsages",
    "Array.prototype.Symbol(Symbol.iterator) by toJwk",
    "Array.prototype.Symbol(Symbol.iterator) by toUsages",
    # deno_core's list of nothing and null.
    "set Object.prototype.0 by runScript",
    "set Object.prototype.1 by runScript",
    # The promise that the Worker gave.
    "get Promise.prototype.constructor by waitUntil",
    "get Promise.prototype.constructor by answer",
}


@pytest.mark.parametrize("scene", SCENES)
async def test_the_runtime_layer_reaches_for_nothing_that_a_worker_can_patch(
    run: Run, upstream: Origin, scene: str
) -> None:
    running = await run(HOSTILE / "taps.toml", env={"UPSTREAM": upstream.url})
    with contextlib.suppress(WorkerException):
        response = await running.fetch(f"/{scene}", method="POST", body=b'{"a": 1}')
        await response.bytes()
    # Private names are shortened by the build.
    seen = re.sub(r"#\w+", "#", await running.text("/seen"))
    assert set(seen.split("\n")) - ALLOWED - {""} == set()


# Streams are a polyfill's, which takes what is there at the moment, as `await` does: isolation.md.
OF_STREAMS = re.compile(
    r"Stream|TypedArray|ArrayBuffer|Array\.prototype\.push by|Promise\.prototype\.constructor"
    r"|Object\.prototype\.(then|0|1) "
)


async def test_a_rewriter_reaches_for_nothing_but_what_streams_do(run: Run) -> None:
    running = await run(HOSTILE / "taps.toml", limits={"cpu_ms": 5000})
    expected = "<p a='1' b=\"1\">textz<i>x</i>y</p>e"
    assert await running.text("/html", method="POST", body=b"x") == expected
    seen = (await running.text("/seen")).split("\n")
    assert [name for name in seen if not OF_STREAMS.search(name)] == []


async def test_a_key_that_may_not_leave_is_seen_by_nobody(run: Run) -> None:
    running = await run(HOSTILE / "secrets.js", limits={"cpu_ms": 5000})
    assert await running.json() == {"seen": [], "alarms": True}


async def test_no_time_passes_while_code_runs(run: Run) -> None:
    running = await run(HOSTILE / "clocks.js", limits={"cpu_ms": 10_000})
    seen = await running.json()
    start = {
        name: value for name, value in seen["atStart"].items() if name not in ("format", "parts")
    }
    assert set(start.values()) == {0}
    assert "1970" in seen["atStart"]["format"]
    assert seen["before"] == seen["after"]
    assert abs(seen["before"]["now"] / 1000 - time.time()) < 60
    for name in ("now", "date", "derived", "reflected", "prototype", "performance"):
        assert seen["later"][name] - seen["before"][name] >= 19
        assert seen["before"][name] == seen["before"]["now"]
    assert seen["waits"] == {
        name: f"TypeError: Atomics.{name} cannot be called in this context"
        for name in ("wait", "waitAsync")
    }


async def test_dates_are_what_they_were(run: Run) -> None:
    running = await run(HOSTILE / "clocks.js")
    assert await running.json("/kinds") == {
        "constructor": True,
        "instance": True,
        "name": "Date 7 0 number",
        "format": True,
        "temporal": "undefined",
    }


async def test_clocks_can_be_told_to_run(run: Run) -> None:
    running = await run(HOSTILE / "clocks.js", live_clock=True)
    seen = await running.json()
    assert seen["atStart"]["now"] > 0
    assert seen["after"]["performance"] > seen["before"]["performance"]


DIFFERENT_REQUEST = (
    "Error: Cannot perform I/O on behalf of a different request. I/O objects (such as streams, "
    "request/response bodies, and others) created in the context of one request handler cannot be "
    "accessed from a different request's handler. This is a limitation of Cloudflare Workers which "
    "allows us to improve overall performance. (I/O type: "
)


async def test_a_request_can_not_use_the_io_of_another(run: Run, upstream: Origin) -> None:
    running = await run(HOSTILE / "other_requests_io.js", env={"UPSTREAM": upstream.url})
    assert await running.text("/keep", method="POST", body=b"body", headers={"x": "y"}) == "kept"
    said = await running.json("/use")
    for name, message in said.items():
        kind = "Writable" if name == "identity, writing" else "ReadableStreamSource"
        assert message == f"{DIFFERENT_REQUEST}{kind})", name
    with pytest.raises(WorkerException, match="on behalf of a different request"):
        await running.fetch("/return")


async def test_what_is_no_io_can_be_shared_between_requests(run: Run, upstream: Origin) -> None:
    running = await run(HOSTILE / "other_requests_io.js", env={"UPSTREAM": upstream.url})
    assert await running.text("/keep", method="POST", body=b"body", headers={"x": "y"}) == "kept"
    assert await running.json("/allowed") == {
        "request url": "http://worker.test/keep",
        "request headers": "y",
        "response status": "200",
        "signal": "false",
        "a stream of the Worker's own": "mine",
        "waitUntil": "undefined",
        "a response of the global scope": "global",
    }


async def test_a_worker_that_poisons_everything_is_served_all_the_same(
    run: Run, upstream: Origin
) -> None:
    running = await run(HOSTILE / "poison.js", env={"UPSTREAM": upstream.url})
    for _ in range(2):
        response = await running.fetch(
            "/echo", method="POST", body=b"body", headers={"x-sent": "a"}
        )
        assert (response.status, response.headers["x-seen"]) == (201, "a")
        assert await response.text() == "body"
        response = await running.fetch("/fetch")
        assert response.headers["x-seen"] == "sent"
        assert len(await response.bytes()) == 100_000
        assert await running.text("/wait") == "waited"
        response = await running.fetch("/rewriter")
        with pytest.raises(BodyError, match="poisoned"):
            await asyncio.wait_for(response.bytes(), 20)
        with pytest.raises(WorkerException, match="what"):
            await running.fetch("/throw")


async def test_scripts_that_are_loaded_after_that_work_as_well(run: Run, upstream: Origin) -> None:
    running = await run(HOSTILE / "poison.js", env={"UPSTREAM": upstream.url})
    said = await running.text("/rare")
    assert sorted(said.split()) == ["error", "message"]


async def test_nothing_of_the_engine_is_in_reach(run: Run, upstream: Origin) -> None:
    running = await run(
        HOSTILE / "reach.js", env={"UPSTREAM": upstream.url}, limits={"cpu_ms": 30_000}
    )
    said = await running.json()
    assert said["found"] == []
    assert said["count"] > 1_000
    assert said["frames"] > 50


async def test_scripts_that_are_loaded_later_use_the_globals_of_before(run: Run) -> None:
    running = await run(HOSTILE / "lazy_scripts.js")
    assert await running.json() == {"host": "xn--bcher-kva.example", "caught": []}


async def test_the_global_scope_does_no_io(run: Run) -> None:
    running = await run(HOSTILE / "global_scope.js")
    assert set((await running.json()).values()) == {
        "Error: Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or "
        "connect()), setting a timeout, and generating random values are not allowed within global "
        "scope. To fix this error, perform this operation within a handler."
    }


async def test_no_module_is_to_be_had_but_the_worker_s_own(run: Run) -> None:
    running = await run(HOSTILE / "imports.js")
    said = await running.json()
    assert set(said["atStart"].values()) == set(said["inRequest"].values()) == {"TypeError"}


async def test_a_script_that_is_loaded_late_gets_into_nobody_s_hands(run: Run) -> None:
    running = await run(HOSTILE / "late_scripts.js", limits={"cpu_ms": 5000})
    assert await running.json() == [1]


@pytest.mark.parametrize("way", ["object", "array", "fixed", "frozen", "proxy"])
async def test_rejections_are_told_to_nobody_but_the_runtime_layer(run: Run, way: str) -> None:
    running = await run(HOSTILE / "rejections.js")
    assert await running.text(f"/{way}") == "ok"
    told = {"heard of in the turn", "heard of outside of turns"}
    assert await eventually(lambda: told <= set(running.logged)), running.logged
    assert await running.text("/seen") == "0 undefined"
