"""Workers that call each other's methods. The scenes are in rpc/client/client.js."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgewright.observe.records import Outcome
from tests.support.running import Run, Running, eventually

HERE = Path(__file__).parent / "rpc"

DISPOSED = {"name": "Error", "message": "RPC stub used after being disposed."}
NOT_THERE = 'The RPC receiver does not implement the method "{}".'


@pytest.fixture
async def client(run: Run) -> Running:
    return await run(HERE / "client", others=[HERE / "server"])


def thrown(name: str, message: str) -> dict[str, Any]:
    return {"name": name, "message": message, "remote": True}


def not_there(method: str) -> dict[str, Any]:
    return thrown("TypeError", NOT_THERE.format(method))


def uncloneable(type_: str) -> tuple[str, str]:
    text = f'Could not serialize object of type "{type_}". This type does not support serialization'
    return "DataCloneError", f"{text}."


async def test_methods_of_an_entrypoint_are_called(client: Running) -> None:
    assert await client.json("/methods") == [13, 132, [], [1, None, None]]


async def test_fetch_goes_its_own_way(client: Running) -> None:
    assert await client.json("/fetches") == "POST http://foo/"


async def test_properties_can_be_awaited_and_called(client: Running) -> None:
    assert await client.json("/properties") == [13, 24, "hello", 123, 9, 123, 123]


async def test_methods_of_an_object_get_env_and_ctx(client: Running) -> None:
    first, *others = await client.json("/objects")
    assert first == ["a", 12, "function"]
    assert [each["message"].partition("because")[0].split(" function")[0] for each in others] == [
        "Cannot call handler",
        "Attempted to call RPC",
        "Attempted to call RPC",
    ]


async def test_values_are_cloned(client: Running) -> None:
    assert await client.json("/values") == {
        "date": 5,
        "map": ["1", "2"],
        "bytes": [2, 3],
        "regexp": "/a/g",
        "error": [True, "r"],
        "sparse": [False, 3],
        "shared": True,
        "cycle": True,
        "undefined": True,
        "nan": True,
        "boxed": True,
        "proto": True,
    }


async def test_what_cant_be_sent_is_a_data_clone_error(client: Running) -> None:
    said = await client.json("/notCloneable")
    assert [(each["name"], each["message"]) for each in said] == [
        uncloneable("NotForRpc"),
        uncloneable("Object"),
        ("DataCloneError", "Symbol(s) could not be cloned."),
        uncloneable("WeakMap"),
        uncloneable("RpcPromise"),
        uncloneable("RpcProperty"),
        uncloneable("File"),
        uncloneable("Blob"),
        uncloneable("AbortSignal"),
    ]


async def test_blobs_are_copied_with_their_type(client: Running) -> None:
    assert await client.json("/blobs") == [True, True, "text/plain", "abcd", 0]


async def test_services_are_passed_as_stubs(client: Running) -> None:
    assert await client.json("/services") == {
        "fetch": [200, "GET http://bar/"],
        "request": [200, "PUT http://bar/"],
        "method": 132,
        "property": ["hello", 9],
        "object": ["a", 12, "function"],
        "own": {"a": 1},
        "exported": {},
        "fails": thrown("RangeError", "out of range"),
        "missing": not_there("missing"),
        "reserved": thrown(
            "TypeError", "'alarm' is a reserved method and cannot be called over RPC."
        ),
        "given": {"value": 13},
    }


async def test_only_what_is_a_class_s_own_can_be_reached(client: Running) -> None:
    reserved = "'{}' is a reserved method and cannot be called over RPC."
    names = ["missing", "env", "ctx", "instanceMethod", "#hidden"]
    assert await client.json("/reserved") == {
        "binding": [
            thrown("TypeError", reserved.format("dup")),
            *(not_there(name) for name in names),
        ],
        "object": not_there("instanceObject"),
        "alarm": thrown("TypeError", reserved.format("alarm")),
        "counter": [not_there("own"), not_there("missing")],
        "property": thrown("TypeError", '"property" is not a function.'),
        "nested": not_there("nested"),
        "bare": not_there("bare"),
    }


async def test_calls_of_a_stub_come_in_their_order(client: Running) -> None:
    assert await client.json("/counters") == [[19, 9, 10], 10, True, "function"]


async def test_calls_can_be_made_on_what_is_still_to_come(client: Running) -> None:
    assert await client.json("/pipelining") == [
        15,
        123,
        12,
        2,
        5,
        123,
        {
            "name": "TypeError",
            "message": "Can't pipeline on RPC that did not return an object.",
        },
        thrown("RangeError", "out of range"),
        2,
        2,
        True,
        True,
    ]


async def test_a_session_is_one_request_of_the_other_worker(client: Running) -> None:
    await client.json("/stubCalls")
    records = client.observed.requests
    assert await eventually(lambda: len(records) == 2)
    (session,) = [record for record in records if record.worker == "server"]
    assert (session.method, session.url) == ("RPC", "rpc://server/counter")
    assert (session.status, session.outcome) == (200, Outcome.OK)


async def test_exceptions_carry_name_and_message_over(client: Running) -> None:
    assert await client.json("/errors") == [
        ["RangeError", "out of range", "RangeError", True, None, False],
        ["MyError", "of my own", "Error", True, None, False],
        ["NotFoundError", "gone", "DOMException", True, None, False],
        "just text",
        None,
        thrown("Error", "PROPERTY THREW"),
    ]
    outcomes = {r.outcome for r in client.observed.requests if r.worker == "server"}
    assert outcomes == {Outcome.EXCEPTION}


async def test_functions_and_targets_are_called_back(client: Running) -> None:
    answers = [f"{i} /callbacks" for i in range(3)]
    assert await client.json("/callbacks") == [answers, 3, 5, 5]


async def test_stubs_are_disposed(client: Running) -> None:
    gone, still, gone_too, disposals, disposer, keys = await client.json("/disposal")
    assert (gone, still, gone_too) == (DISPOSED, 8, DISPOSED)
    assert disposals == [8, 20, 1, 30]
    assert (disposer, keys) == ("function", 1)


async def test_stubs_that_were_given_are_disposed_after_the_call(client: Running) -> None:
    remote = {**DISPOSED, "remote": True}
    assert await client.json("/givenStubs") == [
        *(5, remote, 12, 16, DISPOSED, DISPOSED),
        *(0, 1, ["result"]),
    ]


async def test_a_stub_of_an_own_object_copies_as_well(client: Running) -> None:
    assert await client.json("/localStubs") == [
        5,
        not_there("count"),
        {
            "name": "TypeError",
            "message": "RpcStubs can only wrap plain objects, functions, and RpcTarget "
            "derivatives.",
        },
        DISPOSED,
        1,
        [1],
        3,
    ]


async def test_a_stub_that_is_sent_stays_the_sender_s(client: Running) -> None:
    assert await client.json("/sentTwice") == [1, 3, 6, 1]


async def test_what_is_not_disposed_is_at_the_end_of_the_request(client: Running) -> None:
    await client.json("/keepsOpen")
    disposals: list[int] = []

    for _ in range(100):
        disposals += await client.json("/disposals")
        if disposals:
            break
    assert disposals == [99]


async def test_streams_are_sent_both_ways(client: Running) -> None:
    locked = {"name": "TypeError", "message": "The ReadableStream has been locked to a reader."}
    assert await client.json("/streams") == [
        *("foo, bar, baz!", "one, two", "own", "foo, bar, baz!", "round"),
        locked,
        "known",
    ]


async def test_requests_and_responses_are_sent_with_their_bodies(client: Running) -> None:
    assert await client.json("/http") == [
        *(True, 418, "Teapot", ["a", "b"], "PUT 1 body"),
        *(True, "bar", 300_000, None),
    ]


async def test_a_value_has_at_most_32_mib(client: Running) -> None:
    there, back, too_large, too_large_back = await client.json("/sizes")
    assert (there, back) == (1 << 20, 1 << 20)
    assert "limited to 32MiB, but the size of this value was: 346" in too_large["message"]
    assert too_large_back == {**too_large, "remote": True}


async def test_a_session_has_a_cpu_limit_of_its_own(client: Running) -> None:
    assert await client.json("/exceeds") == thrown("Error", "Worker exceeded CPU time limit.")
    outcomes = {r.worker: r.outcome for r in client.observed.requests}
    assert outcomes == {"server": Outcome.EXCEEDED_CPU, "client": Outcome.OK}


async def test_a_method_that_hangs_is_found(client: Running) -> None:
    said = await client.json("/never")
    assert "had hung and would never generate a response" in said["message"]


async def test_a_session_may_end_itself(client: Running) -> None:
    assert await client.json("/aborts") == thrown("RangeError", "why")


async def test_a_stub_that_is_kept_ends_with_the_caller(client: Running) -> None:
    assert await client.json("/leaks") == 0
    records = client.observed.requests
    assert await eventually(lambda: [r.outcome for r in records] == [Outcome.OK, Outcome.OK])


async def test_wait_until_goes_on_after_the_call(client: Running) -> None:
    assert await client.json("/later") == "now"
    assert await eventually(lambda: client.logged == ["later"])


async def test_a_promise_is_awaited_where_it_is_returned_and_no_value(client: Running) -> None:
    inner, nested = await client.json("/inner")
    assert inner == "hello inner"
    assert (nested["name"], nested["message"]) == uncloneable("RpcPromise")


async def test_a_call_of_a_binding_is_a_subrequest(client: Running) -> None:
    too_many = "Too many subrequests."
    assert await client.json("/many?n=60") == [50, too_many, too_many]


async def test_a_call_of_a_stub_is_none(client: Running) -> None:
    assert await client.json("/stubCalls") == 100


async def test_sixteen_deep_and_no_deeper(client: Running) -> None:
    assert await client.json("/deep?n=3") == {"value": "bottom"}
    said = await client.json("/deep?n=30")
    assert said["message"].startswith("Subrequest depth limit exceeded.")


async def test_a_stub_is_of_no_use_in_another_request(client: Running) -> None:
    assert await client.json("/shared") == {"value": 1}
    said = await client.json("/shared")
    assert said["message"].startswith("Cannot perform I/O on behalf of a different request.")


async def test_a_worker_s_own_entrypoints_are_in_ctx_exports(client: Running) -> None:
    said = await client.json("/exports")
    assert said == {
        "keys": ["Named", "Silent", "default"],
        "named": {},
        "given": {"role": "root"},
        "fetched": '{"a":1}',
        "silent": not_there("missing"),
        "main": ["one", ["S", "OBJECT"], {}],
        "kinds": [True, "function"],
    }
