"""From an entry module to a bundle of everything that it imports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgewright.build import BuildError, WorkerBundle, build_bundle
from edgewright.config import WorkerConfig

Build = Callable[..., WorkerBundle]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Writes files (path → source) below the working directory, and bundles one of them."""
    monkeypatch.chdir(tmp_path)

    def build(files: dict[str, str], main: str = "index.js") -> WorkerBundle:
        for name, source in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        return build_bundle(WorkerConfig(name="w", main=tmp_path / main, root=tmp_path))

    return build


def error(build: Build, files: dict[str, str]) -> str:
    with pytest.raises(BuildError) as caught:
        build(files)
    return str(caught.value)


def test_a_single_module_is_its_own_bundle(build: Build, tmp_path: Path) -> None:
    bundle = build({"index.js": "export default {}"})
    assert bundle.main == "worker:/index.js"
    assert bundle.modules == {"worker:/index.js": "export default {}"}
    assert bundle.files == {"worker:/index.js": tmp_path / "index.js"}


def test_imports_are_followed_through_all_modules(build: Build) -> None:
    bundle = build(
        {
            "index.js": 'import "./a/a.js"',
            "a/a.js": 'export * from "../b.mjs"',
            "b.mjs": 'await import("./a/c.js")',
            "a/c.js": "",
            "unused.js": "",
        }
    )
    assert sorted(bundle.modules) == [
        "worker:/a/a.js", "worker:/a/c.js", "worker:/b.mjs", "worker:/index.js",
    ]  # fmt: skip


def test_modules_may_import_each_other_in_a_circle(build: Build) -> None:
    bundle = build({"index.js": 'import "./a.js"', "a.js": 'import "./index.js"'})
    assert len(bundle.modules) == 2


def test_specifiers_begin_at_the_folder_that_all_modules_share(build: Build) -> None:
    bundle = build(
        {"app/src/index.js": 'import "../lib/a.js"', "app/lib/a.js": ""}, main="app/src/index.js"
    )
    assert bundle.main == "worker:/src/index.js"
    assert "worker:/lib/a.js" in bundle.modules


def test_an_import_of_a_value_brings_all_modules_in(build: Build) -> None:
    bundle = build(
        {
            "index.js": "import(`./pages/${name}.js`)",
            "pages/a.js": "",
            "pages/b.mjs": 'import "npm-package-of-an-unrelated-script"',
            "pages/notes.csv": "",
            "pages/page.html": "",
            "pages/data.json": "{}",
            "node_modules/x/x.js": "",
            ".git/hook.js": "",
        }
    )
    assert sorted(bundle.modules) == [
        "worker:/index.js", "worker:/pages/a.js", "worker:/pages/b.mjs",
    ]  # fmt: skip


def test_a_guarded_import_may_be_missing(build: Build) -> None:
    assert len(build({"index.js": 'try { await import("node:fs") } catch {}'}).modules) == 1


def test_other_kinds_of_modules_are_assets(build: Build, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff")
    bundle = build(
        {
            "index.js": 'import "./a.bin"; import "./a.txt"; import "./a.wasm?module"; '
            'import a from "./a.json" with { type: "json" };',
            "a.txt": "text",
            "a.wasm": "",
            "a.json": "{}",
        }
    )
    assert {specifier: asset.kind for specifier, asset in bundle.assets.items()} == {
        "worker:/a.bin": "data",
        "worker:/a.json": "json",
        "worker:/a.txt": "text",
        "worker:/a.wasm": "wasm",
    }
    assert bundle.assets["worker:/a.bin"].content == b"\xff"
    assert "with" not in bundle.modules["worker:/index.js"]


def test_what_commonjs_modules_require_comes_along(build: Build) -> None:
    bundle = build(
        {
            "index.js": 'import "./a.cjs"',
            "a.cjs": 'require("./b.cjs"); require("./first.mjs"); try { require("x") } catch {}',
            "b.cjs": 'require("./a.cjs"); require("./second.js"); require(dynamic)',
            "first.mjs": 'import "./third.js"',
            "second.js": "",
            "third.js": "",
        }
    )
    needed = bundle.assets["worker:/a.cjs"].imports
    assert sorted(needed) == ["worker:/first.mjs", "worker:/second.js"]
    assert "worker:/third.js" in bundle.modules


def test_a_missing_module_is_shown_where_it_is_imported(build: Build) -> None:
    assert error(build, {"index.js": '\nimport a from "./gone.js";'}) == (
        'index.js:2:15: no such file: "./gone.js"\n'
        '   2 | import a from "./gone.js";\n'
        "     |               ^"
    )


@pytest.mark.parametrize(
    ("specifier", "file", "meant"),
    [
        ("./util", "util.js", "./util.js"),
        ("./util", "util.mjs", "./util.mjs"),
        ("./lib", "lib/index.js", "./lib/index.js"),
        ("./lib/utli.js", "lib/util.js", "./lib/util.js"),
    ],
)
def test_the_module_that_was_meant_is_suggested(
    build: Build, specifier: str, file: str, meant: str
) -> None:
    message = error(build, {"index.js": f'import "{specifier}"', file: ""})
    assert f'; did you mean "{meant}"?\n' in message


@pytest.mark.parametrize(
    ("specifier", "message"),
    [
        ("hono", '"hono" is not a relative path, and npm packages are not supported yet'),
        ("@scope/pkg/x.js", "npm packages are not supported yet"),
        ("node:gone", 'there is no module "node:gone"'),
        ("cloudflare:gone", 'there is no module "cloudflare:gone"'),
        ("https://example.com/x.js", "must be relative, beginning with ./ or ../"),
        ("/index.js", "must be relative, beginning with ./ or ../"),
        ("./data.csv", 'no rule says what .csv files are imported as: "./data.csv"'),
        ("./broken.json", "broken.json:1:2: Expecting property name"),
        ("./a.ts", '"./a.ts" is TypeScript or JSX, which is not supported yet'),
        ("./a.cjs", 'no such file: "./a.cjs"'),
        ("./typed.js", "there is a .ts file, but TypeScript and JSX are not supported yet"),
        ("../../../../../../../../../../x.js", "no such file"),
    ],
)
def test_what_cannot_be_imported_says_why(build: Build, specifier: str, message: str) -> None:
    files = {
        "index.js": f'import "{specifier}"', "data.csv": "", "broken.json": "{", "typed.ts": "",
    }  # fmt: skip
    assert message in error(build, files)


def test_a_module_that_is_not_text_is_refused(build: Build, tmp_path: Path) -> None:
    (tmp_path / "a.js").write_bytes(b"// \xff")
    assert error(build, {"index.js": 'import "./a.js"'}) == "a.js: not UTF-8 text (byte 3)"
