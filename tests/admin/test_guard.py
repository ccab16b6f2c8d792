"""Who may look at the admin port, and who may not."""

from __future__ import annotations

import httpx
import pytest

from tests.admin.conftest import TOKEN, Server, Start
from tests.support.running import PATIENCE

NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture(scope="module")
def locked(start: Start) -> Server:
    """One that asks for a token."""
    return start("serve", "--admin", "0", EDGEWRIGHT_ADMIN_TOKEN=TOKEN)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # a Worker's page on another port
        {"sec-fetch-site": "cross-site", **NAVIGATION, "sec-fetch-dest": "iframe"},
        {"origin": "http://evil.test"},
        {"origin": "null"},
    ],
)
def test_another_site_may_not_ask(server: Server, headers: dict[str, str]) -> None:
    assert server.ask("/api/overview", headers=headers).status_code == 403


def test_a_link_may_lead_here(server: Server) -> None:
    headers = {"sec-fetch-site": "cross-site", **NAVIGATION}
    assert server.ask("/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["evil.test", "evil.test:80", "localhost.evil.test", ""])
def test_a_name_that_somebody_else_may_have_is_refused(server: Server, host: str) -> None:
    assert server.ask("/api/overview", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:1", "[::1]:1", "localhost", "LocalHost:80"])
def test_this_machine_may_be_asked_by_its_address(server: Server, host: str) -> None:
    assert server.ask("/api/overview", headers={"host": host}).status_code == 200


def test_it_can_only_be_looked_at(server: Server) -> None:
    answer = httpx.post(f"{server.admin}/api/overview", timeout=PATIENCE)
    assert answer.status_code == 405


def test_pages_may_load_nothing_from_elsewhere_nor_be_framed(server: Server) -> None:
    headers = server.ask("/api/overview").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_without_the_token_nothing_is_told(locked: Server) -> None:
    for path in ("/api/overview", "/api/requests", "/api/events", "/metrics", "/"):
        answer = locked.ask(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
    wrong = {"authorization": f"Bearer {TOKEN}x"}
    assert locked.ask("/metrics", headers=wrong).status_code == 401


def test_with_the_token_it_is_known_by_any_name(locked: Server) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "host": "edge.example"}
    assert locked.ask("/metrics", headers=headers).status_code == 200


def test_a_browser_is_asked_to_log_in(locked: Server) -> None:
    with httpx.Client(base_url=locked.admin, timeout=PATIENCE) as browser:
        answer = browser.get("/", headers={"sec-fetch-site": "none", **NAVIGATION})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert "<form" in browser.get("/login").text
        assert browser.post("/login", data={"token": "guess"}).status_code == 401
        answer = browser.post("/login", data={"token": TOKEN})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert TOKEN not in cookie
        assert browser.get("/api/overview").status_code == 200
        # The cookie is sent for other ports' pages as well.
        same_site = {"sec-fetch-site": "same-site"}
        assert browser.get("/api/overview", headers=same_site).status_code == 403


def test_a_link_with_the_token_logs_in(locked: Server) -> None:
    with httpx.Client(base_url=locked.admin, timeout=PATIENCE) as browser:
        answer = browser.get("/", params={"token": TOKEN})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert browser.get("/api/overview").status_code == 200


def test_a_cookie_that_was_made_up_is_none(locked: Server) -> None:
    for value in ("99999999999." + "0" * 64, "x", "1.", "٣.x"):
        headers = {"cookie": f"edgewright-admin={value}".encode()}
        assert locked.ask("/api/overview", headers=headers).status_code == 401  # type: ignore


def test_workers_do_not_get_to_see_the_cookie(locked: Server) -> None:
    headers = {"cookie": "a=1; edgewright-admin=1.x; b=2"}
    assert locked.get("/cookie", headers=headers).text == "a=1; b=2"
