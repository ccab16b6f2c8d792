"""The encrypted store, and the key to it."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path

import pytest

from edgewright.secrets.errors import SecretError
from edgewright.secrets.store import SecretStore

VALUE = "sk-7f3a9c ü\n"


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keys" / "key"
    monkeypatch.setenv("EDGEWRIGHT_SECRETS_KEY_FILE", str(path))
    monkeypatch.delenv("EDGEWRIGHT_SECRETS_KEY", raising=False)
    return path


@pytest.fixture
def store(tmp_path: Path) -> SecretStore:
    return SecretStore(tmp_path / "state")


def test_a_secret_comes_back(store: SecretStore) -> None:
    store.put("w", {"B": VALUE, "A": ""})
    store.put("w", {"C": "1"})
    store.put("other", {"A": "2"})
    assert store.read("w") == {"A": "", "B": VALUE, "C": "1"}
    assert store.names("w") == ["A", "B", "C"]


def test_a_deleted_secret_is_gone(store: SecretStore) -> None:
    store.put("w", {"A": VALUE})
    assert store.delete("w", "A")
    assert not store.delete("w", "A")
    assert store.read("w") == {}


def test_no_value_is_in_the_file_and_nobody_else_may_read_it(
    store: SecretStore, tmp_path: Path, key: Path
) -> None:
    store.put("w", {"A": "sk-7f3a9c", "B": "sk-7f3a9c"})
    file = tmp_path / "state" / "secrets.json"
    text = file.read_text()
    assert "sk-7f3a9c" not in text
    sealed = json.loads(text)["workers"]["w"]
    assert sealed["A"] != sealed["B"]
    for path in (file, key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_there_need_be_no_key_where_there_are_no_secrets(store: SecretStore, key: Path) -> None:
    assert store.read("w") == {}
    assert not key.exists()


def test_the_key_may_come_from_the_environment(
    store: SecretStore, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEWRIGHT_SECRETS_KEY", base64.b64encode(bytes(32)).decode())
    store.put("w", {"A": VALUE})
    assert store.read("w") == {"A": VALUE}
    assert not key.exists()


def test_without_the_key_nothing_is_read(store: SecretStore, key: Path) -> None:
    store.put("w", {"A": VALUE})
    key.unlink()
    with pytest.raises(SecretError, match="There are secrets, but not the key to them"):
        store.read("w")
    assert store.names("w") == ["A"]


def test_another_key_reads_nothing(store: SecretStore, key: Path) -> None:
    store.put("w", {"A": VALUE})
    key.write_bytes(base64.b64encode(bytes(32)))
    with pytest.raises(SecretError, match="the secret A of w can't be decrypted") as caught:
        store.read("w")
    assert VALUE.strip() not in str(caught.value)


def test_a_key_that_others_may_read_is_refused(store: SecretStore, key: Path) -> None:
    store.put("w", {"A": VALUE})
    key.chmod(0o640)
    with pytest.raises(SecretError, match=r"others may read it \(mode 0640\)"):
        store.read("w")


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(bytes(16)).decode()])
def test_what_is_no_key_is_refused(
    store: SecretStore, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("EDGEWRIGHT_SECRETS_KEY", text)
    with pytest.raises(SecretError, match="is none: it must be 32 bytes in Base64") as caught:
        store.put("w", {"A": VALUE})
    assert not text or text not in str(caught.value)


def test_no_secret_can_be_passed_off_as_another(store: SecretStore, tmp_path: Path) -> None:
    store.put("w", {"A": "1", "B": "2"})
    file = tmp_path / "state" / "secrets.json"
    content = json.loads(file.read_text())
    content["workers"]["w"]["A"] = content["workers"]["w"]["B"]
    content["workers"]["x"] = content["workers"]["w"]
    file.write_text(json.dumps(content))
    for worker in ("w", "x"):
        with pytest.raises(SecretError, match=f"the secret A of {worker} can't be decrypted"):
            store.read(worker)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"workers": {}, "version": 2}'])
def test_a_file_that_is_something_else_is_not_overwritten(
    store: SecretStore, tmp_path: Path, text: str
) -> None:
    (tmp_path / "state").mkdir()
    file = tmp_path / "state" / "secrets.json"
    file.write_text(text)
    with pytest.raises(SecretError, match=r"secrets\.json: "):
        store.put("w", {"A": VALUE})
    assert file.read_text() == text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_not_be_written_is_told(store: SecretStore, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o500)
    with pytest.raises(SecretError, match="Permission denied"):
        store.put("w", {"A": VALUE})
