"""The admin port's JSON, of a server with two gateways."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.admin.conftest import Server
from tests.support.running import PATIENCE


def find(server: Server, search: str) -> dict[str, Any]:
    """The summary of a request that was made a moment ago."""
    found = server.until(f"/api/requests?search={search}", lambda page: page["requests"])
    return found["requests"][0]


def test_requests_of_all_gateways_are_counted_together(server: Server) -> None:
    before = server.until("/api/overview", lambda o: o["node"]["gateways"] == 2)
    for _ in range(10):
        server.get("/counted")  # each on a connection of its own, so of either gateway
    server.get("/throw")
    after = server.until(
        "/api/overview",
        lambda o: o["total"]["total_requests"] >= before["total"]["total_requests"] + 11,
    )
    (worker,) = after["workers"]
    assert worker["worker"] == "shop"
    assert worker["current"] is True
    assert len(worker["version"]) == 8
    assert worker["total_errors"] == before["total"]["total_errors"] + 1
    assert worker["outcomes"]["exception"] >= 1
    assert worker["statuses"]["5xx"] >= 1
    assert worker["isolates"] == 2
    assert worker["memory_bytes"] > 0
    assert worker["wall_ms"]["p50"] <= worker["wall_ms"]["p95"] <= worker["wall_ms"]["p99"]
    assert len(worker["series"]["requests"]) == len(worker["series"]["p99_ms"])
    assert after["node"]["hosts"] >= 2


def test_requests_are_listed_newest_first_and_in_pages(server: Server) -> None:
    for number in range(5):
        server.get(f"/page/{number}")
    server.until("/api/requests?search=/page/", lambda page: len(page["requests"]) == 5)
    paths: list[str] = []
    before = ""
    for _ in range(3):
        page = server.ask(f"/api/requests?search=/page/&limit=2&before={before}").json()
        paths += [httpx.URL(each["url"]).path for each in page["requests"]]
        before = page["next"]
    assert paths == [f"/page/{number}" for number in reversed(range(5))]
    assert before is None


def test_only_what_is_wanted_is_listed(server: Server) -> None:
    server.get("/throw?filtered")
    server.get("/fine?filtered")
    find(server, "/fine?filtered")
    failed = server.ask("/api/requests?search=filtered&outcome=error").json()["requests"]
    assert [each["outcome"] for each in failed] == ["exception"]
    assert server.ask("/api/requests?worker=another").json()["requests"] == []


def test_a_request_has_its_trace_its_logs_and_its_exception(server: Server) -> None:
    response = server.get("/throw?detail")
    request = find(server, "/throw?detail")
    detail = server.ask(f"/api/requests/{request['id']}").json()
    assert detail["request"] == request
    assert request["status"] == response.status_code == 500
    assert request["error"] == "RangeError: out of it"
    assert [log["message"] for log in detail["logs"]] == ["at /throw"]
    (exception,) = detail["exceptions"]
    assert exception["name"] == "RangeError"
    assert "shop.js" in exception["stack"]
    span = detail["trace"]
    assert span["kind"] == "request"
    assert span["start_ms"] == 0
    assert "turn" in [child["kind"] for child in span["children"]]
    assert all(child["end_ms"] <= span["end_ms"] for child in span["children"])
    for id in (request["trace_id"], request["ray"]):
        assert server.ask(f"/api/requests/{id}").json() == detail


def test_a_request_that_nobody_remembers_is_not_found(server: Server) -> None:
    answer = server.ask("/api/requests/0000000000000000")
    assert answer.status_code == 404
    assert "remembered" in answer.json()["error"]


def test_what_looks_like_a_secret_is_not_shown(server: Server) -> None:
    server.get("/secret", headers={"authorization": "Bearer hush", "x-mine": "yes"})
    detail = server.ask(f"/api/requests/{find(server, '/secret')['id']}").json()
    assert detail["headers"]["authorization"] == "REDACTED"
    assert detail["headers"]["x-mine"] == "yes"


def test_requests_are_told_live(server: Server) -> None:
    url = f"{server.admin}/api/events?search=/live"
    with httpx.stream("GET", url, timeout=PATIENCE) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = events.iter_lines()
        assert next(lines) == "retry: 1000"
        for line in lines:
            if line == "event: request":
                break
            # It may not listen to all gateways yet.
            server.get("/live")
            server.get("/other")
        event = json.loads(next(lines).removeprefix("data: "))
    assert httpx.URL(event["url"]).path == "/live"


def test_what_is_no_number_is_refused(server: Server) -> None:
    answer = server.ask("/api/requests?limit=many")
    assert answer.status_code == 400
    assert answer.json()["error"] == "limit=many is no number."


def test_a_worker_cannot_ask_the_admin_port(server: Server) -> None:
    port = httpx.URL(server.admin).port
    for host in ("127.0.0.1", "localhost", "127.0.0.2", "[::ffff:127.0.0.1]", "0"):
        answer = server.get("/fetch", params={"url": f"http://{host}:{port}/api/requests"})
        assert "may not connect" in answer.text, host
