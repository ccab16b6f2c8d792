"""`.dev.vars` and `.env`."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.secrets.errors import SecretError
from edgewright.secrets.files import read_files

ENV_FILES = {
    ".env": "A=1\nB=1\nC=1\nD=1",
    ".env.staging": "B=2\nC=2\nD=2",
    ".env.local": "C=3\nD=3",
    ".env.staging.local": "D=4",
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)


def test_there_need_be_none(tmp_path: Path) -> None:
    assert read_files(tmp_path, None) == {}


def test_the_syntax_is_dotenv_s(tmp_path: Path) -> None:
    text = "\n".join(
        [
            "# a comment",
            "PLAIN=text # and one here",
            'QUOTED="a # b\\nc"',
            "SINGLE='a\\nb ${PLAIN}'",
            'LINES="-----BEGIN\n-----END"',
            "export EXPORTED=1",
            "EMPTY=",
            "NOT_EXPANDED=$PLAIN",
        ]
    )
    write(tmp_path, {".dev.vars": text})
    assert read_files(tmp_path, None) == {
        "PLAIN": "text",
        "QUOTED": "a # b\nc",
        "SINGLE": "a\\nb ${PLAIN}",
        "LINES": "-----BEGIN\n-----END",
        "EXPORTED": "1",
        "EMPTY": "",
        "NOT_EXPANDED": "$PLAIN",
    }


def test_dev_vars_of_the_environment_stand_alone(tmp_path: Path) -> None:
    write(tmp_path, {**ENV_FILES, ".dev.vars": "A=d\nB=d", ".dev.vars.staging": "A=s"})
    assert read_files(tmp_path, "staging") == {"A": "s"}
    assert read_files(tmp_path, None) == read_files(tmp_path, "other") == {"A": "d", "B": "d"}


def test_env_files_are_read_together(tmp_path: Path) -> None:
    write(tmp_path, ENV_FILES)
    assert read_files(tmp_path, "staging") == {"A": "1", "B": "2", "C": "3", "D": "4"}
    assert read_files(tmp_path, None) == {"A": "1", "B": "1", "C": "3", "D": "3"}


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".dev.vars").write_bytes(b"A=\xff")
    with pytest.raises(SecretError, match=r"\.dev\.vars: it is not UTF-8"):
        read_files(tmp_path, None)
