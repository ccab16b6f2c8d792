"""`edgewright check`: what it prints, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgewright.cli import main

CLEAN = "export default { fetch: () => new Response('well') };"
RACE = """let user;
export default {
  async fetch(request) {
    user = request.url;
    await fetch("https://a.test/");
    return new Response(user);
  },
};
"""


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("worker.js")


def test_nothing_to_say(worker: Path) -> None:
    worker.write_text(CLEAN)
    result = check(worker)
    assert (result.exit_code, result.output) == (0, "Nothing to say.\n")


def test_findings_are_shown_where_they_are(worker: Path) -> None:
    worker.write_text(RACE)
    result = check(worker)
    assert result.exit_code == 1
    assert result.output.startswith("worker.js:4:5: warning: `user` is shared by all requests")
    assert "[shared-state]\n   4 |     user = request.url;\n     |     ^\n" in result.output
    assert "  worker.js:6:25: `user` is read here\n" in result.output
    assert result.output.endswith("1 warning, 1 note\n")


def test_findings_for_programs(worker: Path) -> None:
    worker.write_text(RACE)
    first = json.loads(check(worker, "--format", "json").output)[0]
    assert (first["rule"], first["severity"], first["certainty"]) == (
        *("shared-state", "warning", "proved"),
    )
    assert (first["path"], first["line"], first["column"]) == ("worker.js", 4, 5)
    assert [place["line"] for place in first["related"]] == [5, 6]


def test_notes_alone_are_no_failure(worker: Path) -> None:
    worker.write_text("export default { fetch: () => fetch('https://a.test/') };")
    result = check(worker)
    assert (result.exit_code, result.output[-7:]) == (0, "1 note\n")


def test_what_keeps_a_worker_from_starting(worker: Path) -> None:
    worker.write_text(f"{CLEAN}\nlet = 1;\n")
    result = check(worker)
    assert result.exit_code == 1
    assert "worker.js:2:1: error: SyntaxError" in result.output


def test_a_service_that_is_not_there(worker: Path) -> None:
    worker.write_text(CLEAN)
    config = {"name": "a", "main": "worker.js", "services": [{"binding": "B", "service": "b"}]}
    Path("wrangler.json").write_text(json.dumps(config))
    result = check(".")
    assert result.exit_code == 1
    assert 'error: a: the service binding B leads to the Worker "b", which is not' in result.output
    assert check(".", "--service", "b=https://b.test").exit_code == 0


def test_required_secrets_need_not_be_there(worker: Path) -> None:
    worker.write_text(CLEAN)
    config = {"name": "a", "main": "worker.js", "secrets": {"required": ["KEY"]}}
    Path("wrangler.json").write_text(json.dumps(config))
    assert check(".").output == "Nothing to say.\n"


@pytest.mark.parametrize("path", ["gone.js", "worker.js"])
def test_what_can_not_be_checked(worker: Path, path: str) -> None:
    worker.write_text("import './gone.js';")
    result = check(path)
    assert result.exit_code == 2
    assert "no such file" in result.stderr
