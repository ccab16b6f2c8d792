"""KV as a Worker sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from running import Run, Running

from edgewright.observe.records import Outcome
from edgewright.observe.trace import Tracing

KV = Path(__file__).parent / "kv"

NO_SUCH_KEY = {"value": None, "metadata": None}
KEY_TOO_LONG = "414 UTF-8 encoded length of 513 exceeds key length limit of 512."


@pytest.fixture(params=["memory", "sqlite"])
async def kv(run: Run, request: pytest.FixtureRequest, tmp_path: Path) -> Running:
    return await run(KV, state=tmp_path if request.param == "sqlite" else None)


async def test_a_value_is_read_as_each_type(kv: Running) -> None:
    text = '{"a":[1,"ü"]}'
    assert await kv.json("/types") == [
        text,
        text,
        {"a": [1, "ü"]},
        len(text.encode()),
        True,
        text,
        None,
        None,
        'TypeError: Unknown response type. Possible types are "text", "arrayBuffer", "json", and '
        '"stream".',
    ]


async def test_whatever_the_platform_takes_can_be_put(kv: Running) -> None:
    assert await kv.json("/values") == {
        "text": "ä\ufffd",
        "number": "5",
        "empty": "",
        "stream": "ABC",
        "passed": "a response's",
        "buffer": [1, 2, 3],
        "view": [2, 3],
        "object": "TypeError: KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and "
        "ReadableStreams as values.",
        "broken": "TypeError: This ReadableStream did not return bytes.",
        "left": None,
    }


async def test_a_buffer_that_changes_after_put_is_kept_as_it_was(kv: Running) -> None:
    assert await kv.json("/changed") == [1]


async def test_metadata_stands_beside_the_value(kv: Running) -> None:
    value, metadata, plain, missing = await kv.json("/metadata")
    assert (value, metadata) == ("v", {"a": [1, None, "ü"]})
    assert plain | {"cacheStatus": None} == {"value": "v", "metadata": None, "cacheStatus": None}
    assert missing | NO_SUCH_KEY == missing


async def test_values_of_25_mib_and_no_more(run: Run, tmp_path: Path) -> None:
    kv = await run(KV, state=tmp_path, limits={"cpu_ms": 5000, "memory_mb": 250})
    size = 25 << 20
    over = f"Error: KV PUT failed: 413 Value length of {size + 1} exceeds limit of {size}."
    assert await kv.json("/large") == [size, size, over, over, size]


async def test_a_value_is_passed_on_as_a_response(kv: Running) -> None:
    assert await kv.text("/passed") == "x" * 1_000_000


async def test_keys_that_can_not_be(kv: Running) -> None:
    assert await kv.json("/keys") == [
        "fits",
        "TypeError: Key name cannot be empty.",
        'TypeError: "." is not allowed as a key name.',
        'TypeError: ".." is not allowed as a key name.',
        f"Error: KV GET failed: {KEY_TOO_LONG}",
        f"Error: KV PUT failed: {KEY_TOO_LONG}",
        f"Error: KV DELETE failed: {KEY_TOO_LONG}",
        "TypeError: KvNamespace.get: 1 argument required, but only 0 present.",
        "TypeError: KvNamespace.put: 2 arguments required, but only 1 present.",
    ]


async def test_expirations_and_metadata_have_limits(kv: Running) -> None:
    at, ttl, *errors = await kv.json("/expirations")
    assert (at, ttl) == (0, True)
    not_above_0 = "Invalid expiration_ttl of 0. Please specify integer greater than 0."
    assert errors == [
        "Error: KV PUT failed: 400 Invalid expiration_ttl of 59. Expiration TTL must be at least "
        "60.",
        f"Error: KV PUT failed: 400 {not_above_0}",
        f"Error: KV PUT failed: 400 {not_above_0}",
        "Error: KV PUT failed: 400 Invalid expiration of 1. Please specify integer greater than "
        "the current number of seconds since the UNIX epoch.",
        "Error: KV PUT failed: 400 Invalid expiration of N. Expiration times must be at least 60 "
        "seconds in the future.",
        None,
        "Error: KV PUT failed: 413 Metadata length of 1025 exceeds limit of 1024.",
    ]


async def test_lists_are_in_the_order_of_utf_8_and_go_on_at_a_cursor(kv: Running) -> None:
    seen = await kv.json("/list")
    assert seen["all"] == ["a", "a/1", "a/2", "a/3", "a/ü", "a/\U0001f600", "b"]
    assert seen["first"] == {
        "keys": [{"name": "a/1"}, {"name": "a/2"}],
        "list_complete": False,
        "cursor": "string",
        "cacheStatus": None,
    }
    assert seen["second"] == {
        "keys": [{"name": "a/3", "metadata": {"m": 1}}, {"name": "a/ü"}, {"name": "a/\U0001f600"}],
        "list_complete": True,
        "cacheStatus": None,
    }
    assert seen["none"] == {"keys": [], "list_complete": True, "cacheStatus": None}
    assert seen["zero"] == 7
    assert seen["tooMany"] == (
        "Error: KV GET failed: 400 Invalid key_count_limit of 1001. Please specify an integer less "
        "than 1000."
    )
    assert seen["cursor"] == "Error: KV GET failed: 400 Invalid cursor of ?"
    assert seen["prefix"] == f"Error: KV GET failed: {KEY_TOO_LONG}"


async def test_several_keys_at_once(kv: Running) -> None:
    is_map, plain, values, metadata, *errors = await kv.json("/many")
    assert is_map
    assert plain == [["a", '{"n":1}'], ["b", "2"], ["c", None]]
    assert values == [["a", {"n": 1}], ["b", 2]]
    assert metadata == [["a", {"value": {"n": 1}, "metadata": "m"}], ["c", None]]
    failed = "Error: KV GET_BULK failed: 400 "
    assert errors == [
        f"{failed}At least one of the requested keys corresponds to a non-json value",
        f'{failed}"stream" is not a valid type. Use "json" or "text"',
        f"{failed}You must request a minimum of 1 key",
        f"{failed}You can request a maximum of 100 keys",
    ]


async def test_what_is_deleted_is_gone(kv: Running) -> None:
    assert await kv.json("/deletes") == [None, []]


async def test_reads_are_cached_until_a_write(kv: Running) -> None:
    assert await kv.json("/cached") == [
        "MISS",
        "HIT",
        "HIT",
        "w",
        "MISS",
        "Error: KV GET failed: 400 Invalid cache_ttl of 29. Cache TTL must be at least 30.",
    ]


async def test_operations_have_a_limit_of_their_own(run: Run) -> None:
    kv = await run(KV, limits={"operations": 100})
    assert await kv.json("/counted?count=100") == []
    assert (
        await kv.json("/counted?count=102")
        == ["Error: Too many API requests by single Worker invocation."] * 2
    )
    assert [record.operations for record in kv.observed.requests] == [100, 102]


async def test_many_that_wait_for_a_connection_are_done_at_once(run: Run, tmp_path: Path) -> None:
    kv = await run(KV, state=tmp_path, limits={"cpu_ms": 5000})
    assert await kv.json("/queued") == 980


async def test_two_workers_with_one_state_share_a_namespace(run: Run, tmp_path: Path) -> None:
    """Each is a node of its own, as the gateways of `serve` are."""
    one = await run(KV, state=tmp_path)
    other = await run(KV, state=tmp_path)
    assert await one.json("/kept") is None
    for value in ("a", "b"):
        assert await one.json(f"/kept?put={value}") == value
        assert await other.json("/kept") == value
        assert await other.json(f"/kept?put={value}2") == f"{value}2"
        assert await one.json("/kept") == f"{value}2"


async def test_a_preview_has_a_namespace_of_its_own(run: Run, tmp_path: Path) -> None:
    kept = await run(KV, state=tmp_path)
    assert await kept.json("/kept?put=real") == "real"
    preview = await run(KV, state=tmp_path, dev=True)
    assert await preview.json("/kept") is None


async def test_what_a_namespace_is(kv: Running) -> None:
    seen: dict[str, Any] = await kv.json("/shape")
    assert seen["name"] == "KvNamespace"
    assert seen["members"] == ["constructor", "get", "getWithMetadata", "put", "delete", "list"]
    assert seen["own"] == []
    assert seen["illegal"] == "TypeError: Illegal constructor"
    assert seen["borrowed"].startswith("TypeError: ")
    assert seen["global"].startswith("Disallowed operation called within global scope.")
    assert all(record.outcome is Outcome.OK for record in kv.observed.requests)


async def test_operations_are_in_the_trace(run: Run) -> None:
    kv = await run(KV, tracing=Tracing(on=True))
    await kv.json("/deletes")
    trace = kv.observed.requests[-1].trace
    assert trace is not None
    said = [(op.name, op.detail, op.settled >= op.asked) for op in trace.ops.values()]
    assert said == [
        ("NS.put", "k", True),
        ("NS.delete", "k", True),
        ("NS.delete", "never there", True),
        ("NS.get", "k", True),
        ("NS.list", "", True),
    ]
