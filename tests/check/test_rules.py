"""Needless waiting, forgotten promises, lost updates, missing bindings and time-outs."""

from __future__ import annotations

import pytest

from edgewright.build import WorkerBundle
from edgewright.check.static import findings_of
from edgewright.config.binding_config import KVNamespace
from tests.support.checking import MAIN, brief, findings

HELPERS = (
    "const json = async (url) => (await fetch(url)).json();"
    " async function strict(url) { const r = await fetch(`${url}`);"
    " if (!r.ok) throw new Error('no'); return r.json(); }"
    " const send = (url) => fetch(url, { method: 'POST' });"
    " let seen = 0; async function noted(url) { seen++; return fetch(`${url}`); }"
)


def handler(body: str) -> str:
    """A Worker whose handler's body is on line 3."""
    return f"{HELPERS}\nexport default {{ async fetch(request, env, ctx) {{\n{body}\n}} }};\n"


@pytest.mark.parametrize(
    "body",
    [
        "const a = await fetch('https://a/'); const b = await fetch('https://b/'); f(a, b);",
        "const a = await env.KV.get('a'); const b = await env.KV.get('b'); f(a, b);",
        "const a = await strict('https://a/'); const b = await strict('https://b/'); f(a, b);",
        "const a = await (await fetch('https://a/')).json(); const { b } = await env.B.get('b');",
        "const a = await fetch(`${env.UP}/a`); const u = new URL('/b', request.url);"
        " const b = await fetch(`${u}`);",
        "for (const id of [1, 2]) { const r = await env.KV.get(`${id}`); list.push(r); }",
    ],
)
def test_reads_that_wait_for_each_other(body: str) -> None:
    assert brief(handler(body)) == ["3 sequential"]


@pytest.mark.parametrize(
    "body",
    [
        "const a = await fetch('https://a/'); const b = await fetch(`https://b/${a.status}`);",
        "const a = await fetch('https://a/'); if (!a.ok) return a; const b = await env.B.get('b');",
        "const a = await env.KV.get('a'); log(a); const b = await env.KV.get('b');",
        "const a = await env.KV.get('a'); log(); const b = await env.KV.get('b');",
        "const a = await send('https://a/'); const b = await send('https://b/');",
        "const a = await fetch(request); const b = await fetch('https://b/');",
        "const a = await fetch('https://a/', init); const b = await fetch('https://b/');",
        "const a = await noted('https://a/'); const b = await noted('https://b/');",
        "await env.KV.put('a', 'a'); await env.KV.put('b', 'b');",
        "const a = await env.KV.get('a'); const again = () => a;"
        " const b = await env.KV.get(again());",
        "const [a, b] = await Promise.all([env.KV.get('a'), env.KV.get('b')]);",
        "for (const id of [1, 2]) { const r = await env.KV.get(`${id}`); if (r) return r; }",
        "let at = 1; for (const id of ids) { const r = await env.KV.get(at); at = r; }",
    ],
)
def test_reads_that_may_have_to_wait(body: str) -> None:
    assert brief(handler(body)) == []


@pytest.mark.parametrize(
    "body",
    [
        "fetch('https://a/');",
        "env.KV.put('a', 'b');",
        "fetch('https://a/').then((r) => r.text()).catch(() => {});",
        "Promise.all([fetch('https://a/'), env.KV.put('a', 'b')]);",
        "const never = fetch('https://a/');",
        "[1, 2].forEach(async (id) => { await env.KV.put(`${id}`, ''); });",
        "[1, 2].forEach((id) => env.KV.delete(`${id}`));",
        "caches.default.put(request, response);",
    ],
)
def test_promises_that_nobody_waits_for(body: str) -> None:
    assert brief(handler(body)) == ["3 floating"]


@pytest.mark.parametrize(
    "body",
    [
        "await fetch('https://a/');",
        "return fetch('https://a/');",
        "ctx.waitUntil(fetch('https://a/'));",
        "void fetch('https://a/');",
        "const later = fetch('https://a/'); await later;",
        "const all = [1].map((id) => fetch(`https://a/${id}`)); await Promise.all(all);",
        "socket.addEventListener('message', () => { fetch('https://a/'); });",
        "return new Response(new ReadableStream({ pull() { fetch('https://a/'); } }));",
        "const fetch = () => 1; fetch('https://a/');",
        "env.LOG.writeDataPoint({});",
        "response.body.pipeTo(writable);",
    ],
)
def test_promises_that_are_waited_for(body: str) -> None:
    assert brief(handler(body)) == []


def test_an_async_function_of_ones_own_may_be_let_go_on_purpose() -> None:
    assert brief(handler("strict('https://a/');")) == ["3 floating?"]


def test_a_value_that_is_read_changed_and_put_back() -> None:
    body = (
        "const n = Number(await env.KV.get('n')); const m = n + 1; await env.KV.put('n', `${m}`);"
    )
    assert brief(handler(body)) == ["3 lost-update"]


@pytest.mark.parametrize(
    "body",
    [
        "const n = await env.KV.get('n'); await env.KV.put('m', n);",
        "const n = await env.KV.get('n'); await env.OTHER.put('n', n);",
        "let n = await env.KV.get('n'); if (!n) await env.KV.put('n', make());",
        "const n = cache.get('n'); cache.put('n', n + 1);",
    ],
)
def test_a_value_that_is_put_elsewhere(body: str) -> None:
    assert brief(handler(body)) == []


def missing(body: str) -> list[str]:
    bundle = WorkerBundle("test", MAIN, {MAIN: handler(body)}, bindings={"KV": KVNamespace("1")})
    return [each.text for each in findings_of(bundle) if each.rule == "missing-binding"]


def test_a_binding_that_is_not_configured() -> None:
    (text,) = missing("await env.KVV.get('a'); return env.KV.get('b');")
    assert text == "`env.KVV.get` is called, and the configuration has no binding KVV."


@pytest.mark.parametrize(
    "body",
    [
        "return env.KV.get('a');",
        "return env.NAME.split(',');",
        "return env.MAYBE?.get('a');",
        "if (env.MAYBE) return env.MAYBE.get('a');",
        "return process.env.NAME.get('a');",
    ],
)
def test_a_binding_that_may_be_there(body: str) -> None:
    assert missing(body) == []


def no_timeouts(body: str) -> list[tuple[str, int]]:
    source = f"export default {{ async fetch(request, env) {{ {body} }} }};"
    found = [each for each in findings(source) if each.rule == "no-timeout"]
    return [(each.severity, len(each.marks)) for each in found]


def test_one_note_for_all_subrequests_without_a_signal() -> None:
    body = "await Promise.all([fetch('https://a/'), fetch(`${env.UP}/b`, { method: 'PUT' })]);"
    assert no_timeouts(body) == [("note", 1)]


@pytest.mark.parametrize(
    "body",
    [
        "await fetch('https://a/', { signal: AbortSignal.timeout(10) });",
        "await fetch('https://a/', init);",
        "await fetch('https://a/', { ...init });",
        "await fetch(request);",
        "await Promise.race([fetch('https://a/'), late]);",
    ],
)
def test_subrequests_that_may_have_a_signal(body: str) -> None:
    assert no_timeouts(body) == []
