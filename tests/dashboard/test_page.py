"""The page on the admin port, in a real Chromium: it shows what happens, and only shows it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from browser import started_browser
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect
from running import PATIENCE, served
from upstream import Upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")
HERE = Path(__file__).parent
TOKEN = "a-token-of-the-tests"

expect.set_options(timeout=PATIENCE * 1000)


@dataclass
class Node:
    """`edgewright dev`, and its admin port."""

    process: asyncio.subprocess.Process
    url: str
    admin: str

    async def get(self, path: str) -> None:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            await client.get(f"{self.url}{path}")

    async def api(self, path: str) -> Any:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            return (await client.get(f"{self.admin}/api/{path}")).json()

    async def newest(self, search: str) -> Any:
        """The newest request that is like that, once there is one."""
        for _ in range(200):
            if found := (await self.api(f"requests?search={search}"))["requests"]:
                return found[0]
            await asyncio.sleep(0.05)
        raise AssertionError(f"there is no request like {search}")


@contextlib.asynccontextmanager
async def node(*paths: Path, admin: int, token: str = "") -> AsyncIterator[Node]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edgewright", "dev", *map(str, paths),
        "--port", "0", "--admin", str(admin),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "EDGEWRIGHT_ADMIN_TOKEN": token},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        found = re.search(r"https?://\S+", line)
        assert found, line
        drain = asyncio.create_task(process.stdout.read())
        yield Node(process, found[0], f"http://127.0.0.1:{admin}")
        drain.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with started_browser() as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Node]:
    """Two Workers, of which one calls the other, and both an upstream."""
    folder = tmp_path_factory.mktemp("shop")
    async with served(Upstream()) as upstream:
        paths: list[Path] = []
        for name in ("front", "stock"):
            paths.append(folder / name)
            shutil.copytree(HERE / name, folder / name)
            config: dict[str, Any] = {"name": name, "main": "worker.js"}
            config["compatibility_date"] = "2026-11-01"
            config["vars"] = {"UPSTREAM": upstream}
            if name == "front":
                config["services"] = [{"binding": "STOCK", "service": "stock"}]
            (folder / name / "wrangler.json").write_text(json.dumps(config))
        async with node(*paths, admin=free_port()) as running:
            yield running


@dataclass
class Pages:
    """Opens pages; none of them may complain."""

    browser: Browser
    admin: str
    complaints: list[str]

    async def open(self, fragment: str = "", **options: Any) -> Page:
        context = await self.browser.new_context(**options)
        page = await context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(f"{self.admin}/{fragment}")
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


@pytest_asyncio.fixture(loop_scope="module")
async def pages(browser: Browser, shop: Node) -> AsyncIterator[Pages]:
    pages = Pages(browser, shop.admin, [])
    yield pages
    for context in browser.contexts:
        await context.close()
    assert pages.complaints == []


async def test_the_list_grows_as_requests_finish(pages: Pages, shop: Node) -> None:
    page = await pages.open("#/requests")
    await expect(page.locator("#connection")).to_have_text("Live")
    for number in range(3):
        await shop.get(f"/grows/{number}")
        first = page.locator(".requests tbody tr").first
        await expect(first.locator(".request")).to_contain_text(f"/grows/{number}")
        await expect(first.locator(".status")).to_have_text("200")
        await expect(first.locator(".wall")).to_have_text(re.compile(r"^[\d.]+ m?s$"))


async def test_a_paused_list_stands_still_until_it_goes_on(pages: Pages, shop: Node) -> None:
    await shop.get("/paused/before")
    page = await pages.open("#/requests?search=/paused")
    rows = page.locator(".requests tbody tr")
    await expect(rows).to_have_count(1)
    await page.get_by_role("button", name="Pause").click()
    await shop.get("/paused/meanwhile")
    await expect(page.locator(".note")).to_contain_text("Paused, 1 more")
    await expect(rows).to_have_count(1)
    await page.get_by_role("button", name="Go on").click()
    await expect(rows).to_have_count(2)


async def test_filters_are_a_part_of_the_address(pages: Pages, shop: Node) -> None:
    await shop.get("/hostile/filtered")
    await shop.get("/filtered")
    page = await pages.open("#/requests")
    rows = page.locator(".requests tbody tr")
    await page.get_by_label("Search").fill("filtered")
    await expect(rows).to_have_count(2)
    await page.get_by_label("Outcome").select_option("exception")
    await expect(rows).to_have_count(1)
    assert page.url.endswith("#/requests?outcome=exception&search=filtered")
    await page.reload()
    await expect(rows).to_have_count(1)
    await expect(page.get_by_label("Search")).to_have_value("filtered")
    await page.get_by_label("Search").fill("nothing is called that")
    await expect(page.get_by_text("No request is like that.")).to_be_visible()


async def test_bars_are_where_the_spans_say(pages: Pages, shop: Node) -> None:
    await shop.get("/fan")
    request = await shop.newest("/fan")
    trace = (await shop.api(f"requests/{request['id']}"))["trace"]
    page = await pages.open(f"#/requests/{request['id']}")
    rows = page.locator(".waterfall tbody tr[role]")
    await expect(rows.first).to_contain_text("front")
    end = max(span["end_ms"] for span in _all(trace))
    subrequests = [span for span in trace["children"] if span["kind"] in ("fetch", "service")]
    assert len(subrequests) == 4
    drawn = await rows.evaluate_all(
        """rows => rows.map(row => {
          const track = row.querySelector(".track").getBoundingClientRect();
          const bars = [...row.querySelectorAll(".bar")].map(bar => bar.getBoundingClientRect());
          return {
            label: row.querySelector(".label").textContent,
            level: Number(row.getAttribute("aria-level")),
            bars: bars.map(bar => [(bar.left - track.left) / track.width,
                                   (bar.right - track.left) / track.width]),
          };
        })"""
    )
    own = [row for row in drawn if row["level"] == 2]
    expected = [
        span
        for span in trace["children"]
        if span["kind"] != "turn" and not (span["kind"] == "queue" and _took(span) < 0.1)
    ]
    assert len(own) == len(expected)
    for row, span in zip(own, expected, strict=True):
        left = min(bar[0] for bar in row["bars"])
        right = max(bar[1] for bar in row["bars"])
        assert left == pytest.approx(span["start_ms"] / end, abs=0.005), span["name"]
        assert right == pytest.approx(span["end_ms"] / end, abs=0.005), span["name"]
    turns = [span for span in trace["children"] if span["kind"] == "turn"]
    assert [bar[0] for bar in drawn[0]["bars"]] == pytest.approx(
        [turn["start_ms"] / end for turn in turns], abs=0.005
    )
    below = [row["label"] for row in drawn if row["level"] >= 3]
    assert below[0] == "stock"
    assert any("/delay/20" in label for label in below)


async def test_a_request_shows_its_advice_and_logs(pages: Pages, shop: Node) -> None:
    await shop.get("/fan")
    page = await pages.open(f"#/requests/{(await shop.newest('/fan'))['id']}")
    advice = page.locator(".advice li").first
    await expect(advice).to_contain_text("One after the other")
    await expect(advice.locator(".saves")).to_have_text(re.compile(r"^up to [\d.]+ ms less$"))
    await expect(advice.locator("code")).to_have_text(["worker.js:14:25", "worker.js:15:26"])
    await expect(page.locator(".logs")).to_contain_text("both are there 200 200")


async def test_a_bar_tells_what_it_consists_of(pages: Pages, shop: Node) -> None:
    await shop.get("/fan")
    page = await pages.open(f"#/requests/{(await shop.newest('/fan'))['id']}")
    await page.locator(".waterfall tr", has_text="/delay/60").first.click()
    details = page.locator(".details")
    await expect(details).to_contain_text("Sent, until the first byte")
    await expect(details).to_contain_text("worker.js:15:26")


async def test_the_list_is_used_by_keyboard(pages: Pages, shop: Node) -> None:
    for number in range(3):
        await shop.get(f"/keys/{number}")
    page = await pages.open("#/")
    await page.keyboard.press("r")
    await page.keyboard.press("/")
    search = page.get_by_label("Search")
    await expect(search).to_be_focused()
    await page.keyboard.type("/keys/")
    await expect(page.locator(".requests tbody tr")).to_have_count(3)
    await page.keyboard.press("Escape")
    await expect(search).not_to_be_focused()
    await expect(search).to_have_value("/keys/")
    await page.keyboard.press("j")
    await page.keyboard.press("ArrowDown")
    second = page.locator(".requests tbody a").nth(1)
    await expect(second).to_be_focused()
    assert await second.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await expect(page.locator(".detail h1")).to_contain_text("/keys/1")
    await page.keyboard.press("Escape")
    await expect(page.locator(".requests tbody a").nth(1)).to_be_focused()
    await page.keyboard.press("?")
    await expect(page.locator("#help")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#help")).not_to_be_visible()


async def test_the_waterfall_is_used_by_keyboard(pages: Pages, shop: Node) -> None:
    await shop.get("/fan")
    page = await pages.open(f"#/requests/{(await shop.newest('/fan'))['id']}")
    rows = page.locator(".waterfall tbody tr[role]:visible")
    await expect(rows.first).to_contain_text("front")
    all_rows = await rows.count()
    await page.keyboard.press("j")
    await expect(rows.first).to_be_focused()
    await page.keyboard.press("j")
    await expect(rows.nth(1)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".details")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator(".details")).to_have_count(0)
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowLeft")
    await expect(rows).to_have_count(1)
    await page.keyboard.press("ArrowRight")
    await expect(rows).to_have_count(all_rows)


async def test_what_workers_say_stays_text(pages: Pages, shop: Node) -> None:
    await shop.get("/hostile/%3Cimg%20src=x%3E?q=<img/src=x>")
    page = await pages.open("#/requests?search=/hostile/%253Cimg")
    row = page.locator(".requests tbody tr")
    await expect(row.locator(".error")).to_contain_text("TypeError: no <img src=")
    await row.locator("a").click()
    await expect(page.locator(".exception")).to_contain_text("<script>document.title='taken'")
    await expect(page.locator(".logs")).to_contain_text('<img src="x" onerror=')
    await expect(page.locator(".logs")).to_contain_text("\\u202e")
    await expect(page.locator(".logs")).to_contain_text("<b>second</b>")
    assert await page.locator("main :is(img, script, b)").count() == 0
    assert await page.title() == "Request · Edgewright"


async def test_the_browser_would_refuse_markup(pages: Pages) -> None:
    page = await pages.open()
    tried = await page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>' } catch (e) { return e.name } }"
    )
    assert tried == "TypeError"  # Trusted Types
    pages.complaints.clear()


async def test_the_overview_has_each_worker(pages: Pages, shop: Node) -> None:
    await shop.get("/fan")
    await shop.get("/hostile")
    page = await pages.open()
    front = page.locator(".card").filter(has=page.get_by_role("heading", name="front"))
    await expect(front.locator(".tile").nth(1)).to_contain_text("exception")
    await expect(front.locator(".figure").nth(2)).to_have_text(re.compile(r"^[\d.]+ m?s$"))
    await expect(front.get_by_role("img").first).to_be_visible()
    await expect(page.locator(".node")).to_contain_text("Isolates")
    await front.get_by_role("link", name="Requests of front").click()
    await expect(page.get_by_label("Worker")).to_have_value("front")


async def test_it_follows_the_systems_colours(pages: Pages) -> None:
    brightness: dict[str, int] = {}
    for scheme in ("light", "dark"):
        page = await pages.open(color_scheme=scheme)
        colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness[scheme] = sum(map(int, re.findall(r"\d+", colour)[:3]))
    assert brightness["light"] > 600
    assert brightness["dark"] < 150


async def test_it_fits_a_phone(pages: Pages, shop: Node) -> None:
    await shop.get("/fan")
    await shop.get(f"/hostile/{'long' * 100}")
    fan = await shop.newest("/fan")
    page = await pages.open(viewport={"width": 360, "height": 740}, has_touch=True)
    for fragment, content in (
        ("#/", ".card"),
        ("#/requests", ".requests tbody tr"),
        (f"#/requests/{fan['id']}", ".waterfall .bar"),
    ):
        await page.evaluate("fragment => { location.hash = fragment }", fragment)
        await expect(page.locator(content).first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 360, fragment


async def test_a_request_that_is_not_kept_is_said_to_be_gone(pages: Pages) -> None:
    page = await pages.open("#/requests/0123456789abcdef")
    await expect(page.get_by_text("not kept any more")).to_be_visible()
    pages.complaints.clear()  # a 404


async def test_a_server_that_went_away_is_waited_for(browser: Browser, tmp_path: Path) -> None:
    worker = tmp_path / "worker.js"
    worker.write_text("export default { fetch: () => new Response('hello') };")
    port = free_port()
    context = await browser.new_context()
    page = await context.new_page()
    async with node(worker, admin=port, token=TOKEN) as first:
        await page.goto(first.admin)
        await page.locator("input").fill(TOKEN)
        await page.keyboard.press("Enter")
        await expect(page.locator("#connection")).to_have_text("Live")
        await expect(page.locator("#lost")).to_be_hidden()
    await expect(page.locator("#connection")).to_have_text("Disconnected")
    await expect(page.locator("#lost")).to_contain_text("The server does not answer since")
    async with node(worker, admin=port, token=TOKEN) as second:
        await expect(page.locator("#connection")).to_have_text("Live")
        await page.keyboard.press("r")
        await second.get("/back")
        await expect(_first_request(page)).to_contain_text("/back")
    await context.close()


def _first_request(page: Page) -> Locator:
    return page.locator(".requests tbody tr .request").first


def _all(span: dict[str, Any]) -> list[dict[str, Any]]:
    return [span, *(each for child in span["children"] for each in _all(child))]


def _took(span: dict[str, Any]) -> float:
    return span["end_ms"] - span["start_ms"]
