"""EventSource over the network; globals/event_source.js has the rest."""

from __future__ import annotations

from pathlib import Path

from running import Origin, Run

WORKER = Path(__file__).parent / "event_source.js"


async def test_it_connects_again_and_says_what_it_has_seen(run: Run, upstream: Origin) -> None:
    running = await run(WORKER, env={"UPSTREAM": upstream.url})
    assert await running.json("/events") == [
        "open",
        ["after nothing", "1", True],
        "Error: The server disconnected.,0",
        "open",
        ["after 1", "1", True],
    ]
    assert [seen.headers["accept"] for seen in upstream.app.seen] == ["text/event-stream"] * 2


async def test_what_is_no_event_stream_closes_it(run: Run, upstream: Origin) -> None:
    running = await run(WORKER, env={"UPSTREAM": upstream.url})
    said = "AbortError: The content type 'application/octet-stream' is invalid.,2"
    assert await running.json("/echo") == [said]
    assert await running.json("/status/500") == ["AbortError: The response status code was 500.,2"]
