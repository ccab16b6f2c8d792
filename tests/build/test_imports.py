"""What counts as an import of a module."""

from __future__ import annotations

import pytest

from edgewright.build.imports import Import, find_imports, has_module_syntax


@pytest.mark.parametrize(
    "source",
    [
        'import a from "./x.js"',
        "import * as a from './x.js'",
        'import { a, b as c } from "./x.js" with { type: "js" }',
        'import "./x.js"',
        'export * from "./x.js"',
        'export { a } from "./x.js"',
        'async () => { if (a) { await import("./x.js") } }',
        "import(`./x.js`)",
    ],
)
def test_each_form_of_import_is_found(source: str) -> None:
    assert [found.specifier for found in find_imports(source)] == ["./x.js"]


@pytest.mark.parametrize(
    "source",
    [
        '// import "./x.js"',
        "const a = 'import \"./x.js\"'",
        '`import "./x.js"`',
        '/import("x")/',
        'thing.import("./x.js")',
        "export const a = 1; export default {}",
        "import.meta.url",
    ],
)
def test_what_only_looks_like_an_import_is_none(source: str) -> None:
    assert find_imports(source) == []


@pytest.mark.parametrize("argument", ["name", "`./${name}.js`", '"./" + name', r'"./\x61.js"'])
def test_an_import_of_a_value_has_no_specifier(argument: str) -> None:
    assert [found.specifier for found in find_imports(f"import({argument})")] == [None]


def test_columns_are_counted_in_characters() -> None:
    assert find_imports('\nconst é = "語"; import("./x.js")') == [Import("./x.js", 2, 23)]


@pytest.mark.parametrize(
    "source",
    ['try { await import("./x.js") } catch {}', 'import("./x.js").catch(() => null)'],
)
def test_an_import_whose_failure_is_handled_is_guarded(source: str) -> None:
    assert [found.guarded for found in find_imports(source)] == [True]


def test_an_import_in_a_catch_block_is_not_guarded() -> None:
    assert [f.guarded for f in find_imports('try {} catch { import("./x.js") }')] == [False]


def test_imports_are_found_around_a_syntax_error() -> None:
    found = find_imports('import "./a.js";\nconst = ;\nimport "./b.js";')
    assert [each.specifier for each in found] == ["./a.js", "./b.js"]


@pytest.mark.parametrize(
    "source",
    [
        "export default {}",
        "export { a as default }; const a = {}",
        'import "./x.js"',
        'import a from "./x.js"; addEventListener("fetch", a)',
        'export * from "./x.js"',
        "export const a = 1",
        "export default { fetch( {",
    ],
)
def test_an_import_or_export_makes_a_module(source: str) -> None:
    assert has_module_syntax(source)


@pytest.mark.parametrize(
    "source",
    [
        'addEventListener("fetch", (event) => event.respondWith(new Response("export")))',
        'addEventListener("fetch", async () => { await import("./x.js") })',
        "// export default {}",
        "a.export = 1; const b = { export: 2, import: 3 }",
        "",
    ],
)
def test_without_either_it_is_a_script(source: str) -> None:
    assert not has_module_syntax(source)
