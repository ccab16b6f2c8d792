"""`edgewright cache`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from stored import record

from edgewright.cache.opening import open_store
from edgewright.cache.store import Store
from edgewright.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "wrangler.toml").write_text('name = "w"\nmain = "w.js"\n')
    (tmp_path / "w.js").write_text("export default {}")
    monkeypatch.chdir(tmp_path)
    with_store(tmp_path / ".edgewright" / "state", fill)
    return tmp_path


def with_store(state: Path, work: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        store = open_store(state)
        await work(store)
        await store.close()

    asyncio.run(run())


async def fill(store: Store) -> None:
    past = time.time() - 1
    await store.put(record("http://a.test/1", requested=past), b"hello")
    await store.put(record("http://a.test/2", requested=past, tags=["red"]), b"hello")
    await store.put(record("http://b.test/3", requested=past, fresh_until=past - 9), b"hello")
    await store.put(record("http://a.test/1", requested=past, worker="other"), b"hello")


def cache(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["cache", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_room_is_what_the_gateways_were_given(folder: Path) -> None:
    store = open_store(folder / ".edgewright" / "state", disk_mb=7)

    async def use() -> None:
        await store.usage()
        await store.close()

    asyncio.run(use())
    assert f"room       {7 << 20} (" in cache("stat")


def urls(*arguments: str) -> list[str]:
    return [entry["url"] for entry in json.loads(cache("list", "--json", *arguments))]


def test_the_list_is_of_this_worker_unless_all_are_asked_for() -> None:
    assert urls() == ["http://a.test/1", "http://a.test/2", "http://b.test/3"]
    assert urls("--prefix", "http://a.test/") == ["http://a.test/1", "http://a.test/2"]
    assert len(urls("--all-workers")) == 4


def test_the_list_says_how_fresh_and_how_large_they_are() -> None:
    first, second, third = cache("list").splitlines()
    assert first.startswith("w fetch  http://a.test/1  200  5 bytes  fresh for ")
    assert second.endswith("[red]")
    assert "stale since 1" in third


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["http://a.test/1#there", "http://none.test/"], "23"),
        (["--prefix", "http://a.test/"], "3"),
        (["--tag", "RED"], "13"),
        (["--everything"], ""),
    ],
)
def test_what_is_named_is_removed(arguments: list[str], left: str) -> None:
    removed = 3 - len(left)
    said = cache("purge", *arguments)
    assert said == f"Removed {removed} response{'' if removed == 1 else 's'}.\n"
    assert [url[-1] for url in urls()] == list(left)
    assert len(urls("--all-workers")) == len(left) + 1


def test_a_purge_of_nothing_is_a_mistake() -> None:
    assert "Say what to remove" in cache("purge", code=2)


def test_stat_tells_how_full_it_is() -> None:
    said = cache("stat")
    assert "responses  4\n" in said
    assert "room       1073741824 (0.0% full)" in said


def test_state_may_be_elsewhere_and_unusable(folder: Path) -> None:
    assert cache("list", "--state", "elsewhere") == ""
    (folder / "broken").mkdir()
    (folder / "broken" / "cache").write_text("")
    assert "can't be used" in cache("stat", "--state", "broken", code=1)
