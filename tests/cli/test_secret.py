"""`edgewright secret`, with Wrangler's names and arguments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgewright.cli import main
from edgewright.secrets.store import SecretStore


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecretStore:
    (tmp_path / "wrangler.toml").write_text('name = "w"\nmain = "w.js"')
    (tmp_path / "w.js").write_text("export default {}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEWRIGHT_SECRETS_KEY_FILE", str(tmp_path / "key"))
    return SecretStore(tmp_path / ".edgewright" / "state")


def secret(*arguments: str, said: str | None = None, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["secret", *arguments], input=said)
    assert result.exit_code == code, result.output
    return result.output


def test_a_secret_is_read_from_the_standard_input(store: SecretStore) -> None:
    output = secret("put", "KEY", said="value \n")
    assert output == "Success! Kept the secret KEY of the Worker w.\n"
    assert store.read("w") == {"KEY": "value"}


def test_names_are_listed_and_nothing_else() -> None:
    secret("put", "B", said="value")
    secret("put", "A", said="value")
    assert json.loads(secret("list")) == [
        {"name": "A", "type": "secret_text"},
        {"name": "B", "type": "secret_text"},
    ]
    assert secret("list", "--format", "pretty") == "Secret Name: A\nSecret Name: B\n"


def test_a_secret_is_deleted(store: SecretStore) -> None:
    secret("put", "KEY", said="value")
    assert secret("delete", "KEY") == "Success! Deleted secret KEY.\n"
    assert store.read("w") == {}
    assert "has no secret KEY" in secret("delete", "KEY", code=1)


def test_several_come_from_a_file(store: SecretStore, tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text('{"A": "1", "B": "2"}')
    secret("bulk", "all.json")
    secret("bulk", said='{"C": "3"}')
    assert store.read("w") == {"A": "1", "B": "2", "C": "3"}
    (tmp_path / "bad.json").write_text('{"A": "very-secret", "B": 5}')
    assert "very-secret" not in secret("bulk", "bad.json", code=1)


def test_another_worker_s_by_name(store: SecretStore, tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").unlink()
    secret("put", "KEY", "--name", "other", said="value")
    assert store.read("other") == {"KEY": "value"}
    secret("put", "KEY", said="value", code=1)
