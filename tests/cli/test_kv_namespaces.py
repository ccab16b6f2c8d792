"""`edgewright kv namespace`, with Wrangler's names and arguments."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgewright.cli import main

CONFIG = """
name = "w"
main = "w.js"
[[kv_namespaces]]
binding = "NS"
id = "one"
preview_id = "two"
[env.staging]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "wrangler.toml").write_text(CONFIG)
    (tmp_path / "w.js").write_text("export default {}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLOUDFLARE_ENV", "")  # what --env sets ends with the test
    return tmp_path


def kv(*arguments: str, code: int = 0, said: str | None = None) -> str:
    result = CliRunner().invoke(main, ["kv", *arguments], input=said)
    assert result.exit_code == code, result.output
    return result.output


def titles() -> dict[str, str]:
    return {each["id"]: each["title"] for each in json.loads(kv("namespace", "list"))}


def create(name: str) -> str:
    """Its id."""
    (id,) = re.findall(r'id"?(?: =|:) "([0-9a-f]{32})"', kv("namespace", "create", name))
    return id


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        def isatty(self) -> bool:
            return True

    class Sys:
        stdin = Stdin()

    monkeypatch.setattr("edgewright.cli.kv_namespaces.sys", Sys)


def test_what_the_configuration_needs_is_printed() -> None:
    said = kv("namespace", "create", "my sessions").splitlines()
    assert said[:2] == ['Creating namespace with title "my sessions"', "Success!"]
    assert said[3:5] == ["[[kv_namespaces]]", 'binding = "my_sessions"']
    assert re.fullmatch('id = "[0-9a-f]{32}"', said[5])


def test_it_is_printed_in_the_language_of_the_configuration(folder: Path) -> None:
    (folder / "wrangler.toml").rename(folder / "former.toml")
    (folder / "wrangler.jsonc").write_text('{"name": "w", "main": "w.js"}')
    said = kv("namespace", "create", "A", "--preview")
    (entry,) = json.loads(said[said.index("{") :])["kv_namespaces"]
    assert entry["binding"] == "A"
    assert titles() == {entry["preview_id"]: "A_preview"}


def test_an_environment_has_namespaces_of_its_own() -> None:
    said = kv("namespace", "create", "A", "--env", "staging")
    assert "under [env.staging]" in said
    assert "[[env.staging.kv_namespaces]]" in said
    assert 'title "staging-A"' in said


def test_what_was_created_is_listed_and_can_be_used() -> None:
    id = create("A")
    assert titles() == {"one": "w-NS", "two": "w-NS_preview", id: "A"}
    kv("key", "put", "k", "v", "--namespace-id", id)
    assert kv("key", "get", "k", "--namespace-id", id) == "v"


def test_a_title_is_given_once() -> None:
    create("A")
    assert "already" in kv("namespace", "create", "A", code=1)
    assert "already" in kv("namespace", "create", "w-NS", code=1)


def test_a_namespace_gets_another_title_by_its_title_or_id() -> None:
    id = create("A")
    assert f'Renaming KV namespace {id} to "B".' in kv(
        "namespace", "rename", "A", "--new-name", "B"
    )
    assert titles()[id] == "B"
    kv("namespace", "rename", "--namespace-id", "one", "--new-name", "C")
    assert titles()["one"] == "C"


def test_a_title_stays_if_another_namespace_has_the_new_one() -> None:
    id = create("A")
    kv("namespace", "rename", "A", "--new-name", "w-NS", code=1)
    assert titles()[id] == "A"


def test_a_namespace_is_deleted_with_all_that_it_holds() -> None:
    id = create("A")
    for name in ("k", "l"):
        kv("key", "put", name, "v", "--namespace-id", id)
    kv("key", "put", "k", "v", "--binding", "NS")
    said = kv("namespace", "delete", "--namespace-id", id, "-y")
    assert said == f"Deleting KV namespace {id}.\nDeleted KV namespace {id}.\n"
    assert id not in titles()
    assert json.loads(kv("key", "list", "--namespace-id", id)) == []
    assert kv("key", "get", "k", "--binding", "NS") == "v"


@pytest.mark.parametrize("which", [["w-NS_preview"], ["--binding", "NS", "--preview"]])
def test_it_is_named_by_its_title_or_its_binding(which: list[str]) -> None:
    kv("key", "put", "k", "v", "--namespace-id", "two")
    assert "Deleted KV namespace two." in kv("namespace", "delete", *which, "--skip-confirmation")
    assert json.loads(kv("key", "list", "--namespace-id", "two")) == []


def test_somebody_at_a_terminal_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    id = create("A")
    assert f"Not deleting KV namespace {id}." in kv("namespace", "delete", "A", said="n\n")
    assert id in titles()
    kv("namespace", "delete", "A", said="y\n")
    assert id not in titles()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["delete"], "Give one of NAMESPACE, --binding and --namespace-id."),
        (["delete", "A", "--binding", "NS"], "Give one of NAMESPACE"),
        (["delete", "--namespace-id", "x"], "A namespace with id x was not found."),
        (["delete", "A"], 'No namespace found with the name "A".'),
        (["rename", "--new-name", "B"], "Give one of OLD_NAME and --namespace-id."),
        (["rename", "A"], "--new-name"),
        (["rename", "A", "--new-name", "B"], 'No namespace found with the name "A".'),
        (["create", "x" * 513], "1 to 512 characters"),
        (["create", "A", "--state", "w.js/x"], "w.js/x"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["kv", "namespace", *arguments])
    assert result.exit_code in (1, 2)
    assert message in result.output
