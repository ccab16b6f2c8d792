"""Whatever the code is, it is looked through, and quickly."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.checking import findings

MODULES = Path(__file__).parents[2] / "runtime" / "node_modules"
PACKAGES = [
    "acorn/dist/acorn.js",
    "graphql/execution/execute.mjs",
    "hono/dist/hono-base.js",
    "itty-router/index.mjs",
    "jose/dist/webapi/jwt/verify.js",
    "preact/dist/preact.mjs",
    "whatwg-url/lib/url-state-machine.js",
]


@pytest.mark.parametrize("path", PACKAGES)
def test_code_as_people_publish_it(path: str) -> None:
    found = findings((MODULES / path).read_text())
    assert [each.rule for each in found if each.severity == "warning"] == []


@pytest.mark.parametrize(
    "source",
    [
        "",
        "export default 1;",
        "export { a as default } from './gone.js'; export * from './index.js';",
        "export { b as default }; import { b } from './index.js';",
        "import * as me from './index.js'; export default me.default;",
        "const a = b, b = a; export default { fetch: a };",
        "export default { fetch: (await import('./x.js')).fetch, ...rest, [x]: 1, get y() {} };",
        "function f() { return f(f); } export default { fetch: f };",
        "let x; export default { fetch() { a: for (;;) { for (;;) { x = 1; continue a; } } } };",
        "let { ...x } = y; export default { fetch() { [x, ...x.z] = x; delete x[x]; x = x => x } }",
        "export default { async *fetch() { for await (using x of y) yield* await x; } };",
        "export default class { static { this.x = 1; } #p = 1; fetch() { return #p in this; } }",
        "#!/usr/bin/env node\n<!-- not a module",
        "export default { fetch() { return `${`${`${await (1)}`}`}`; } };",
        "let \u2028= '\\ud800'; \ufeff export default { fetch(",
        "@decorated class A { @a accessor b = 1 } export default { fetch() {} };",
    ],
)
def test_odd_code(source: str) -> None:
    findings(source)


@pytest.mark.parametrize(
    ("start", "again", "end"),
    [
        ("x", "+x", ""),
        ("(" * 1000, "", "x" + ")" * 1000),
        ("{" * 1000, "", "}" * 1000),
        ("", "if (x) ", ";"),
        ("", "(() => ", "x" + ")" * 1000),
        ("x", "?.x()", ""),
        ("`", "${`", "`}" * 1000 + "`"),
    ],
)
def test_deep_code(start: str, again: str, end: str) -> None:
    body = f"{start}{again * 1000}{end}"
    began = time.process_time()
    findings(f"let x; export default {{ async fetch(x) {{ {body} }} }};")
    findings(f"let x; export default {{ async fetch(r) {{ x = r; {body} }} }};")
    assert time.process_time() - began < 60


def test_functions_that_call_each_other_in_long_chains() -> None:
    functions = "\n".join(
        f"async function f{i}() {{ await f{i + 1}(); x = 1; }}" for i in range(500)
    )
    findings(f"let x;\n{functions}\nexport default {{ fetch() {{ return f0(); }} }};")
