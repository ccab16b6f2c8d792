"""What the command line hands to the supervisor, and what it refuses itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgewright.cli import main
from edgewright.supervisor import AdminAddress, ServeSettings


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[ServeSettings]:
    """The settings that would have been served; the exit code is 1."""
    settings: list[ServeSettings] = []

    def run(given: ServeSettings) -> int:
        settings.append(given)
        return 1

    monkeypatch.setattr("edgewright.cli.commands.run", run)
    return settings


def test_serve_takes_its_defaults_from_the_settings(served: list[ServeSettings]) -> None:
    CliRunner().invoke(main, ["serve", "worker.js"])
    assert served == [ServeSettings((Path("worker.js"),))]


def test_serve_hands_all_options_on(served: list[ServeSettings], tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.touch()
    key.touch()
    options = ["--host", "::1", "--port", "0", "--workers", "2", "--drain", "1.5"]
    options += ["--upstream", "http://origin:1/", "--sandbox", "require", "--memory", "512"]
    options += ["--cache-memory", "7", "--cache-disk", "99"]
    tls = ["--tls-cert", str(cert), "--tls-key", str(key)]
    CliRunner().invoke(main, ["serve", "x", *options, *tls])
    upstream = "http://origin:1"
    expected = ServeSettings(
        (Path("x"),),
        "::1",
        0,
        2,
        cert,
        key,
        1.5,
        upstream=upstream,
        sandbox="require",
        memory_mb=512,
        cache_memory_mb=7,
        cache_disk_mb=99,
    )
    assert served == [expected]


@pytest.mark.parametrize("command", ["serve", "dev"])
def test_the_environment_is_said_to_whoever_reads_a_configuration(
    command: str, served: list[ServeSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_ENV", "other")
    CliRunner().invoke(main, [command, "x", "--env", "staging"])
    assert len(served) == 1
    assert os.environ["CLOUDFLARE_ENV"] == "staging"


def test_dev_is_said_to_the_supervisor(served: list[ServeSettings]) -> None:
    CliRunner().invoke(main, ["dev", "x", "--port", "1", "--admin", "off"])
    assert served == [ServeSettings((Path("x"),), port=1, dev=True, inspect=True)]


def test_dev_has_an_admin_port_somewhere(served: list[ServeSettings]) -> None:
    CliRunner().invoke(main, ["dev", "x"])
    assert served[0].admin == AdminAddress("127.0.0.1", 8788, insist=False)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("9000", AdminAddress("127.0.0.1", 9000)),
        ("0.0.0.0:9000", AdminAddress("0.0.0.0", 9000)),
        ("[::1]:9000", AdminAddress("[::1]", 9000)),
        ("localhost:0", AdminAddress("localhost", 0)),
        ("off", None),
    ],
)
def test_where_the_admin_port_is(
    served: list[ServeSettings], given: str, address: AdminAddress | None
) -> None:
    CliRunner().invoke(main, ["serve", "x", "--admin", given])
    assert served[0].admin == address


def test_the_admin_ports_token_from_a_file_or_the_environment(
    served: list[ServeSettings], tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("from the file, long enough\n")
    options = ["serve", "x", "--admin", "1"]
    environment = {"EDGEWRIGHT_ADMIN_TOKEN": "from the environment"}
    CliRunner().invoke(main, options, env=environment)
    CliRunner().invoke(main, [*options, "--admin-token-file", str(file)], env=environment)
    addresses = [each.admin for each in served]
    assert addresses == [
        AdminAddress("127.0.0.1", 1, "from the environment"),
        AdminAddress("127.0.0.1", 1, "from the file, long enough"),
    ]


@pytest.mark.parametrize("command", ["serve", "dev"])
def test_the_most_that_workers_may_use(served: list[ServeSettings], command: str) -> None:
    CliRunner().invoke(main, [command, "x", "--max", "cpu_ms=500", "--max", "memory_mb=64"])
    assert served[0].most == {"cpu_ms": 500, "memory_mb": 64}


def test_the_supervisor_says_the_exit_code(served: list[ServeSettings]) -> None:
    assert CliRunner().invoke(main, ["serve", "x"]).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["doctr"], "Did you mean 'doctor'?"),
        (["serve"], "Missing argument 'PATH...'"),
        (["serve", "x", "--admin", "host"], "'host' is not [HOST:]PORT"),
        (["dev", "x", "--admin", "::1:80"], "'::1:80' is not [HOST:]PORT"),
        (["serve", "x", "--admin", "65536"], "'65536' is not [HOST:]PORT"),
        (["serve", "x", "--prt", "1"], "'--port'"),
        (["serve", "x", "--port", "65536"], "is not in the range"),
        (["serve", "x", "--workers", "0"], "is not in the range"),
        (["serve", "x", "--tls-cert", __file__], "belong together"),
        (["serve", "x", "--tls-cert", "gone.pem"], "does not exist"),
        (["serve", "x", "--upstream", "origin:1"], "is no origin"),
        (["serve", "x", "--max", "cpu=500"], "there is no limit 'cpu'"),
        (["serve", "x", "--max", "cpu_ms=much"], "must be a whole number"),
        (["dev", "x", "--upstream", "http://origin/path"], "holds more than an origin"),
    ],
)
def test_a_command_line_without_sense_is_refused(
    served: list[ServeSettings], arguments: list[str], message: str
) -> None:
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, served) == (2, [])
    assert message in result.output
