"""Holds the engine to what HTMLRewriter relies on: WebAssembly that waits for a promise (JavaScript
Promise Integration). Nothing of Edgewright is used here."""

from __future__ import annotations

import json
from typing import Any

import pydeno

# `wait` is imported, `seven` is exported: it calls `wait` and gives 7.
SETTING = """
const bytes = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 8, 2, 96, 0, 0, 96, 0, 1, 127],
  ...[2, 10, 1, 1, 109, 4, 119, 97, 105, 116, 0, 0],
  ...[3, 2, 1, 1],
  ...[7, 9, 1, 5, 115, 101, 118, 101, 110, 0, 1],
  ...[10, 8, 1, 6, 0, 16, 0, 65, 7, 11],
]);
const module = new WebAssembly.Module(bytes);
const log = [];
const start = (wait) => {
  const { exports } = new WebAssembly.Instance(module, { m: { wait } });
  return WebAssembly.promising(exports.seven)();
};
const note = (promise) => promise.then((value) => log.push(value), (error) => log.push(`${error}`));
const soon = async () => { for (let i = 0; i < 10; i++) await null; };
"""


async def said(program: str) -> Any:
    runtime = pydeno.Runtime(pydeno.RuntimeConfig())
    try:
        source = f"(async () => {{ {SETTING} {program}; return JSON.stringify(log); }})()"
        return json.loads(await runtime.eval_async(source))
    finally:
        runtime.close()


async def test_it_waits_until_the_promise_has_settled() -> None:
    assert await said("""
        let settle;
        const promise = new Promise((resolve) => { settle = resolve; });
        note(start(new WebAssembly.Suspending(() => promise)));
        await soon();
        log.push("waiting");
        settle();
        await soon();
    """) == ["waiting", 7]


async def test_several_wait_side_by_side_and_end_in_any_order() -> None:
    assert await said("""
        const settle = [];
        const wait = () => new Promise((resolve) => { settle.push(resolve); });
        for (const name of ["a", "b"]) {
          note(start(new WebAssembly.Suspending(wait)).then(() => name));
        }
        settle[1]();
        await soon();
        settle[0]();
        await soon();
    """) == ["b", "a"]


async def test_a_rejection_unwinds_it() -> None:
    assert await said("""
        note(start(new WebAssembly.Suspending(async () => { throw new RangeError("no"); })));
        await soon();
    """) == ["RangeError: no"]


async def test_what_waits_for_nothing_has_run_when_the_call_returns() -> None:
    assert await said("""
        note(start(() => { log.push("called"); }));
        log.push("returned");
        await soon();
    """) == ["called", "returned", 7]
