"""Variables that requests share: what is a race, and what is not."""

from __future__ import annotations

import pytest

from tests.support.checking import brief, findings


def worker(body: str, above: str = "") -> str:
    """A Worker whose handler begins on line 4."""
    return f"""{above or "let user;"}
export default {{
  async fetch(request, env, ctx) {{
{body}
  }},
}};
"""


def test_a_variable_that_is_written_then_read_after_io() -> None:
    (found,) = findings(
        worker("user = request.headers.get('x'); await fetch('/'); return new Response(user);")
    )[:1]
    assert (found.rule, found.severity, found.certainty) == ("shared-state", "warning", "proved")
    assert "`user` is shared by all requests" in found.text
    assert [mark.node.text for mark in found.marks] == ["await fetch('/')", "user"]


def test_the_read_is_in_another_function() -> None:
    source = worker(
        "user = await auth(request); return page(env);",
        "let user; const auth = async (r) => r.headers.get('x');"
        " async function page(env) { await env.DB.get('x'); return new Response(user); }",
    )
    assert brief(source) == ["4 shared-state"]


def test_the_variable_is_of_another_module() -> None:
    modules = {
        "index.js": """import { setUser, page } from "./lib/user.js";
export default { async fetch(request, env) { setUser(request.url); return page(env); } };
""",
        "lib/user.js": """import * as state from "../state.js";
import { set } from "../state.js";
export const setUser = (value) => { set(value); };
export async function page(env) { await env.DB.get("x"); return new Response(state.user); }
""",
        "state.js": "export let user;\nexport function set(value) { user = value; }\n",
    }
    assert brief(modules) == ["2 shared-state"]


def test_a_property_of_an_object() -> None:
    source = worker(
        "state.user = request.url; await fetch('/'); return new Response(state.user);",
        "const state = {};",
    )
    assert brief(source) == ["4 shared-state"]


def test_a_method_of_an_exported_class() -> None:
    source = """let who;
export class Api extends WorkerEntrypoint {
  async greet(name) { who = name; await this.env.KV.get("x"); return who; }
}
"""
    assert brief(source) == ["3 shared-state"]


def test_a_route_of_a_router() -> None:
    source = """import { Hono } from "hono";
let user;
const app = new Hono();
app.get("/", async (c) => {
  user = c.req.query("u"); await fetch("https://x/"); return c.text(user);
});
export default app;
"""
    assert brief(source) == ["5 shared-state"]


def test_what_is_awaited_may_be_no_io() -> None:
    source = worker("user = request.url; await something(); return new Response(user);")
    assert brief(source) == ["4 shared-state?"]


def test_a_read_of_what_only_others_have_written() -> None:
    source = worker("const before = user; user = request.url; return new Response(before);")
    assert brief(source) == ["4 shared-state"]


def test_what_the_first_request_had_is_kept() -> None:
    source = worker("user ??= make(request.headers.get('x')); return user.page();")
    assert brief(source) == ["4 shared-state"]


def test_a_counter_is_only_noted() -> None:
    (found,) = findings(worker("user++; return new Response(`${user}`);", "let user = 0;"))
    assert (found.rule, found.severity, found.certainty) == ("shared-state", "note", "possible")
    assert brief(worker("user++;", "let user = 0;")) == []


@pytest.mark.parametrize(
    "body",
    [
        "let user = request.url; await fetch('/'); return new Response(user);",
        "user = request.url; const text = `${user}`; await fetch('/'); return new Response(text);",
        "await fetch('/'); user = request.url; return new Response(user);",
        "user = request.url; await Promise.resolve(); return new Response(user);",
        "if (x) { user = request.url; await fetch('/'); return x; } user = 1; return f(user);",
        "user = request.url; await fetch('/'); user = request.url; return new Response(user);",
        "user = null; await fetch('/'); return new Response(user);",
        "user ??= await (await fetch(env.CONFIG)).json(); return new Response(user.a);",
        "if (!user) user = await load(env); return new Response(user.a);",
        "if (user) return user.page(); user = await load(env); return user.page();",
        "if (user !== request.url) { user = request.url; } return new Response(user);",
        "user ??= await fetch(new URL('/config', request.url)); return user.page();",
        "items.set(request.url, 1); await fetch('/'); return items.get(request.url);",
        "items[request.url] = 1; await fetch('/'); return items[request.url];",
        "const user = { a: request.url }; user.a += 1; await fetch('/'); return f(user.a);",
    ],
)
def test_what_is_no_race(body: str) -> None:
    assert brief(worker(body, "let user; const items = new Map();")) == []


def test_code_that_no_request_runs() -> None:
    source = """let table;
function build(rows) { table = rows; }
build([1, 2]);
export default { fetch: () => new Response(String(table)) };
"""
    assert brief(source) == []


def test_what_is_read_and_written_after_an_await_is_lost() -> None:
    above = "let total = 0;"
    line = "4 lost-update"
    assert brief(worker("total = total + (await fetch('/')).status;", above)) == [line]
    assert brief(worker("total += await (await fetch('/')).json();", above)) == [line]
    copied = "const old = total; await fetch('/'); total = old + 1;"
    assert brief(worker(copied, above)) == [line]


def test_what_is_read_after_the_await_is_not_lost() -> None:
    source = worker("const n = await (await fetch('/')).json(); total += n;", "let total = 0;")
    assert brief(source) == []
