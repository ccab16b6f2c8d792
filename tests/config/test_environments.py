"""Environments of a configuration: what is inherited, what is not, and how the Worker is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.config import ConfigError, WorkerConfig, load_config
from edgewright.secrets.resolve import resolve_secrets

CONFIG = """
name = "shop"
main = "index.js"
compatibility_date = "2026-01-01"
compatibility_flags = ["nodejs_compat"]
routes = ["shop.test/*"]
limits = { cpu_ms = 20 }
vars = { KIND = "production" }
kv_namespaces = [{ binding = "CARTS", id = "carts" }]

[[edgewright.rate_limits]]
limit = 5
period = 10

[env.staging]
route = "staging.test/*"
vars = { KIND = "staging" }

[env.preview]
name = "shop-for-a-look"
main = "preview.js"
kv_namespaces = [{ binding = "CARTS", id = "others" }]
vars = {}
keep_vars = true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("index.js", "preview.js"):
        (tmp_path / name).write_text("export default {};")
    (tmp_path / "wrangler.toml").write_text(CONFIG)
    return tmp_path


def routes(config: WorkerConfig) -> list[str]:
    return [route.pattern for route in config.routes]


def test_without_one_the_top_level_holds(folder: Path) -> None:
    config = load_config(folder)
    assert (config.name, config.vars, config.environment) == ("shop", {"KIND": "production"}, None)
    assert config.warnings == []


def test_settings_are_inherited(folder: Path) -> None:
    config = load_config(folder, "staging")
    assert config.main == folder / "index.js"
    assert config.compatibility_date == "2026-01-01"
    assert config.compatibility_flags == ["nodejs_compat"]
    assert config.limits.cpu_ms == 20
    assert [rule.limit for rule in config.rate_rules] == [5]


def test_variables_and_bindings_are_not_which_is_told(folder: Path) -> None:
    config = load_config(folder, "staging")
    assert config.vars == {"KIND": "staging"}
    assert config.bindings == {}
    (warning,) = config.warnings
    assert '"kv_namespaces"' in warning
    assert "env.staging" in warning


def test_a_worker_has_a_name_of_its_own_in_each(folder: Path) -> None:
    assert load_config(folder, "staging").name == "shop-staging"
    assert load_config(folder, "preview").name == "shop-for-a-look"


def test_what_an_environment_says_itself_wins(folder: Path) -> None:
    assert routes(load_config(folder, "staging")) == ["staging.test/*"]
    preview = load_config(folder, "preview")
    assert routes(preview) == ["shop.test/*"]
    assert preview.main == folder / "preview.js"
    assert list(preview.bindings) == ["CARTS"]
    (warning,) = preview.warnings
    assert '"keep_vars" is a key of the top level' in warning


def test_one_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ConfigError, match='there is no environment "test"; there is "staging", '):
        load_config(folder, "test")


def test_a_configuration_without_any(folder: Path) -> None:
    (folder / "wrangler.toml").write_text(CONFIG.partition("[env")[0])
    config = load_config(folder, "test")
    assert config.name == "shop-test"
    assert config.vars == {}
    assert 'there is no environment "test"' in config.warnings[0]


def test_mistakes_are_shown_with_their_environment(folder: Path) -> None:
    (folder / "wrangler.toml").write_text(f"{CONFIG}\n[env.bad]\nvars = 7\n")
    with pytest.raises(ConfigError, match=r"wrangler\.toml, env\.bad: vars must be"):
        load_config(folder, "bad")
    (folder / "wrangler.toml").write_text('main = "index.js"\nenv = ["staging"]')
    with pytest.raises(ConfigError, match="env must be a table"):
        load_config(folder)


def test_the_variable_names_it_where_nobody_else_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_ENV", "staging")
    assert load_config(folder).name == "shop-staging"
    assert load_config(folder, "preview").name == "shop-for-a-look"
    assert load_config(folder, "").name == "shop"


def test_secrets_of_dev_are_those_of_the_environment(folder: Path) -> None:
    (folder / ".dev.vars").write_text("TOKEN=top")
    (folder / ".dev.vars.staging").write_text("TOKEN=staging")
    found = [
        resolve_secrets(load_config(folder, name), None, dev=True)["TOKEN"]
        for name in ("", "staging")
    ]
    assert found == ["top", "staging"]
