"""From a path to a WorkerConfig: what is read, what is refused, what is warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.config import ConfigError, WorkerConfig, load_config


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an index.js, which is also the working directory."""
    folder = tmp_path / "my-worker"
    folder.mkdir()
    (folder / "index.js").write_text("export default {};")
    monkeypatch.chdir(folder)
    return folder


def load(folder: Path, text: str, name: str = "wrangler.toml") -> WorkerConfig:
    (folder / name).write_text(text)
    return load_config(folder)


def error(folder: Path, text: str, name: str = "wrangler.toml") -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, name)
    return str(caught.value)


def test_a_module_is_a_worker_of_its_name(worker: Path) -> None:
    config = load_config(Path("index.js"))
    assert (config.name, config.main) == ("index", worker / "index.js")
    assert (config.root, config.source) == (worker, None)


def test_toml_gives_name_main_and_vars(worker: Path) -> None:
    config = load(worker, 'name = "api"\nmain = "index.js"\n[vars]\nA = "1"\nB = { c = [2] }\n')
    assert (config.name, config.main) == ("api", worker / "index.js")
    assert config.vars == {"A": "1", "B": {"c": [2]}}


def test_jsonc_may_have_comments_and_trailing_commas(worker: Path) -> None:
    text = """{
        // the entry
        "main": "index.js", /* two
        lines */ "vars": { "A": "http://a/,]", },
    }"""
    assert load(worker, text, "wrangler.jsonc").vars == {"A": "http://a/,]"}


def test_json_is_taken_before_toml_and_says_so(worker: Path) -> None:
    (worker / "wrangler.toml").write_text('main = "index.js"\nname = "toml"')
    config = load(worker, '{"main": "index.js", "name": "json"}', "wrangler.json")
    assert config.name == "json"
    assert config.warnings == ["wrangler.json is used, wrangler.toml is not."]


def test_a_configuration_file_may_have_any_name(worker: Path) -> None:
    (worker / "staging.toml").write_text('main = "index.js"')
    assert load_config(worker / "staging.toml").source == worker / "staging.toml"


def test_main_is_relative_to_the_file(worker: Path) -> None:
    (worker / "config").mkdir()
    (worker / "config" / "wrangler.toml").write_text('main = "../index.js"')
    assert load_config(worker / "config").main == worker / "index.js"


def test_the_folder_names_a_worker_without_a_name(worker: Path) -> None:
    assert load(worker, 'main = "index.js"').name == "my-worker"


@pytest.mark.parametrize("date", ['"2026-01-31"', "2026-01-31"])
def test_a_compatibility_date_may_be_a_string_or_a_date(worker: Path, date: str) -> None:
    config = load(worker, f'main = "index.js"\ncompatibility_date = {date}')
    assert config.compatibility_date == "2026-01-31"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", "nowhere: no such file or folder"),
        ("data.txt", "data.txt: a JavaScript module (.js or .mjs) is needed"),
        ("app.py", "app.py: Python Workers are not supported yet"),
    ],
)
def test_a_path_that_is_no_worker_is_refused(worker: Path, path: str, message: str) -> None:
    (worker / "data.txt").touch()
    (worker / "app.py").touch()
    with pytest.raises(ConfigError) as caught:
        load_config(Path(path))
    assert str(caught.value) == message


def test_a_folder_without_configuration_says_what_to_add(worker: Path) -> None:
    with pytest.raises(ConfigError, match=r"no wrangler\.toml.* path of a JavaScript module"):
        load_config(worker)


@pytest.mark.parametrize("suffix", [".ts", ".tsx", ".mts"])
def test_typescript_says_to_bundle_first(worker: Path, suffix: str) -> None:
    (worker / f"index{suffix}").touch()
    message = error(worker, f'main = "index{suffix}"')
    assert message.startswith(f"wrangler.toml: main: index{suffix}: TypeScript")
    assert "wrangler deploy --dry-run --outdir dist" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('main = "gone.js"', "wrangler.toml: main: gone.js: no such file"),
        ('name = "a"', 'main is missing, the path of the entry module; as in main = "index.js"'),
        ('mian = "index.js"', 'did you mean main by "mian"?'),
        ("main = 1", "main must be a path, not a number"),
        ('main = "index.js"\nvars = "x"', "vars must be a table, not a string"),
        ('main = "index.js"\nname = "No Spaces"', "lower case letters"),
        ('main = "index.js"\nname = true', "name must be a string, not a boolean"),
        ('main = "index.js"\nvars = { a = [2026-01-31] }', "vars.a[0]: a date or time must be"),
        ('main = "index.js"\ncompatibility_flags = "x"', "must be a list of strings, not a string"),
        ('main = "index.js"\nrules = "x"', "rules must be a list, not a string"),
        ('main = "index.js"\nrules = [{ type = "Text" }]', "rules[0] must have a type and globs"),
        (
            'main = "index.js"\nrules = [{ type = "PythonModule", globs = ["*"] }]',
            'type "PythonModule" is not supported',
        ),
        ('main = "index.js"\ncompatibility_flags = [1]', "list of strings, but holds a number"),
        ('main = "index.js"\ncompatibility_date = "31.1."', 'such as "2026-01-31", not "31.1."'),
    ],
)
def test_a_wrong_value_is_named(worker: Path, text: str, message: str) -> None:
    assert message in error(worker, text)


def test_a_toml_syntax_error_is_shown_at_its_place(worker: Path) -> None:
    assert error(worker, 'main = "index.js"\nvars = { A = }\n') == (
        "wrangler.toml:2:14: Invalid value\n   2 | vars = { A = }\n     |              ^"
    )


def test_a_toml_file_that_ends_too_soon_is_shown_at_its_end(worker: Path) -> None:
    assert error(worker, 'main = "index.js').startswith("wrangler.toml:1:17: ")


def test_a_jsonc_syntax_error_behind_comments_is_shown_at_its_place(worker: Path) -> None:
    text = '{ /* a\n comment */\n  "main": /* here: */ index.js\n}'
    assert error(worker, text, "wrangler.jsonc") == (
        "wrangler.jsonc:3:23: Expecting value\n"
        '   3 |   "main": /* here: */ index.js\n'
        "     |                       ^"
    )


def test_json_must_be_an_object(worker: Path) -> None:
    assert error(worker, "[]", "wrangler.json") == "wrangler.json: must hold an object, { … }"


def test_nan_is_not_json(worker: Path) -> None:
    message = error(worker, '{"main": "index.js", "vars": {"A": NaN}}', "wrangler.json")
    assert message == "wrangler.json: NaN is not JSON"


def test_a_file_that_is_not_text_is_refused(worker: Path) -> None:
    (worker / "wrangler.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(ConfigError, match=r"wrangler\.toml: not UTF-8 text \(byte 8\)"):
        load_config(worker)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("d1_databases = []", '"d1_databases" is not supported yet and has no effect.'),
        ("[site]", '"site" is not supported yet and has no effect.'),
        ('nmae = "x"', 'unknown key "nmae"; did you mean "name"?'),
        ("zzz = 1", 'unknown key "zzz"; it has no effect.'),
        (
            'compatibility_flags = ["streams_enable_constructors"]',
            'the compatibility flag "streams_enable_constructors" has no effect here.',
        ),
    ],
)
def test_what_has_no_effect_is_warned_of(worker: Path, text: str, warning: str) -> None:
    assert load(worker, f'main = "index.js"\n{text}').warnings == [f"wrangler.toml: {warning}"]


def test_keys_of_the_hosted_platform_are_no_reason_to_warn(worker: Path) -> None:
    assert load(worker, 'main = "index.js"\naccount_id = "x"\nworkers_dev = true').warnings == []
