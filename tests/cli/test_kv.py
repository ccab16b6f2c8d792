"""`edgewright kv`, with Wrangler's names and arguments."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgewright.cli import main

CONFIG = """
name = "w"
main = "w.js"
kv_namespaces = [{ binding = "NS", id = "one", preview_id = "two" }, { binding = "EMPTY" }]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "wrangler.toml").write_text(CONFIG)
    (tmp_path / "w.js").write_text("export default {}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kv(*arguments: str, code: int = 0, said: str | None = None) -> Result:
    result = CliRunner().invoke(main, ["kv", *arguments], input=said)
    assert result.exit_code == code, result.output
    return result


def on(*arguments: str, code: int = 0) -> str:
    return kv(*arguments, "--binding", "NS", code=code).output


def test_a_value_is_put_and_read() -> None:
    assert on("key", "put", "k", "v") == 'Writing the value "v" to key "k" on namespace one.\n'
    assert on("key", "get", "k") == "v"
    assert on("key", "get", "k", "--text") == "v\n"


def test_a_value_comes_from_a_file_and_goes_out_as_it_is(folder: Path) -> None:
    (folder / "value").write_bytes(b"\0\xff\n")
    on("key", "put", "k", "--path", "value")
    assert kv("key", "get", "k", "--namespace-id", "one").stdout_bytes == b"\0\xff\n"


def test_a_list_shows_what_stands_beside_the_values() -> None:
    at = int(time.time()) + 1000
    on("key", "put", "a/1", "v", "--expiration", str(at), "--metadata", '{"m": ["ü"]}')
    on("key", "put", "a/2", "v", "--ttl", "60")
    on("key", "put", "b", "v")
    first, second = json.loads(on("key", "list", "--prefix", "a/"))
    assert first == {"name": "a/1", "expiration": at, "metadata": {"m": ["ü"]}}
    assert 58 <= second["expiration"] - time.time() <= 60


def test_a_key_is_deleted() -> None:
    on("key", "put", "k", "v")
    on("key", "delete", "k")
    assert on("key", "get", "k", code=1) == "Error: Value not found\n"


def test_a_preview_is_another_namespace() -> None:
    on("key", "put", "k", "v", "--preview")
    on("key", "get", "k", code=1)
    assert kv("key", "get", "k", "--namespace-id", "two").output == "v"


def test_the_state_may_be_somewhere_else(folder: Path) -> None:
    on("key", "put", "k", "v", "--state", "elsewhere")
    assert on("key", "get", "k", "--persist-to", "elsewhere") == "v"
    assert (folder / "elsewhere" / "kv.sqlite").exists()
    on("key", "get", "k", code=1)


def test_many_at_once_by_a_file(folder: Path) -> None:
    items = [
        {"key": "a", "value": "1", "metadata": {"m": 1}, "expiration_ttl": 100},
        {"key": "b", "value": "AP8=", "base64": True},
    ]
    (folder / "put.json").write_text(json.dumps(items))
    (folder / "keys.json").write_text('["a", "x"]')
    assert on("bulk", "put", "put.json") == "Success!\n"
    assert json.loads(on("bulk", "get", "keys.json")) == {
        "a": {"value": "1"},
        "x": {"value": None},
    }
    kv("bulk", "delete", "keys.json", "--binding", "NS", said="n\n")
    assert len(json.loads(on("key", "list"))) == 2
    on("bulk", "delete", "keys.json", "--force")
    assert [key["name"] for key in json.loads(on("key", "list"))] == ["b"]


def test_a_file_with_one_bad_key_changes_nothing(folder: Path) -> None:
    items = [{"key": "a", "value": "1"}, {"key": "x" * 513, "value": "2"}]
    (folder / "put.json").write_text(json.dumps(items))
    assert "exceeds key length limit of 512" in on("bulk", "put", "put.json", code=1)
    assert json.loads(on("key", "list")) == []


def test_namespaces_are_those_of_the_worker_and_those_that_hold_anything() -> None:
    kv("key", "put", "k", "v", "--namespace-id", "former")
    assert json.loads(kv("namespace", "list").output) == [
        {"id": "one", "title": "w-NS"},
        {"id": "two", "title": "w-NS_preview"},
        {"id": "EMPTY", "title": "w-EMPTY"},
        {"id": "former", "title": "former"},
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["key", "get", "k"], "Give one of --binding and --namespace-id."),
        (["key", "get", "k", "--binding", "X"], "binding name X was not found"),
        (["key", "put", "k", "--binding", "NS"], "Give one of VALUE and --path."),
        (["key", "put", "k", "v", "--binding", "NS", "--ttl", "9"], "at least 60"),
        (["key", "put", "k", "v", "--binding", "NS", "--metadata", "{"], "is no JSON"),
        (["key", "get", "k", "--binding", "NS", "--config", "nowhere"], "nowhere: no such file"),
        (["key", "get", "k", "--namespace-id", "a", "--state", "w.js/x"], "w.js/x"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["kv", *arguments])
    assert result.exit_code in (1, 2)
    assert message in result.output
