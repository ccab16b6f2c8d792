"""Bindings that are more than a value, and rate rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.config import ConfigError, WorkerConfig, load_config
from edgewright.config.binding_config import KVNamespace, RateLimit, RateRule


def load(folder: Path, text: str) -> WorkerConfig:
    (folder / "w.js").write_text("")
    (folder / "wrangler.toml").write_text(f'main = "w.js"\n{text}')
    return load_config(folder)


def test_kv_namespaces(tmp_path: Path) -> None:
    entries = '{ binding = "A", id = "one", preview_id = "p" }, { binding = "B" }'
    config = load(tmp_path, f"kv_namespaces = [{entries}]")
    assert config.bindings == {"A": KVNamespace("one", "p"), "B": KVNamespace("B")}
    assert config.warnings == []


def test_rate_limits_in_both_forms(tmp_path: Path) -> None:
    simple = "simple = { limit = 5, period = 10 }"
    config = load(
        tmp_path,
        f"""
        [[ratelimits]]
        name = "A"
        namespace_id = "1"
        {simple}
        [[unsafe.bindings]]
        name = "B"
        type = "ratelimit"
        namespace_id = "2"
        {simple}
        """,
    )
    assert config.bindings == {"A": RateLimit("1", 5, 10), "B": RateLimit("2", 5, 10)}
    assert config.warnings == []


def test_rate_rules(tmp_path: Path) -> None:
    text = """
    [[edgewright.rate_limits]]
    limit = 5
    period = 60
    [[edgewright.rate_limits]]
    route = "h/*"
    methods = ["POST"]
    by = "header:x"
    limit = 1
    period = 1
    """
    assert load(tmp_path, text).rate_rules == [
        RateRule(limit=5, period=60),
        RateRule(limit=1, period=1, route="h/*", methods=["POST"], by="header:x"),
    ]


RATE = 'name = "A"\nnamespace_id = "1"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kv_namespaces = 1", "kv_namespaces must be a list"),
        ("kv_namespaces = [1]", "kv_namespaces: each entry must be a table"),
        ('kv_namespaces = [{ id = "a" }]', "kv_namespaces: binding must be a string"),
        ('kv_namespaces = [{ binding = "A", id = 1 }]', "kv_namespaces: id must be a string"),
        ('kv_namespaces = [{ binding = "A", x = 1 }]', '"x" is not supported'),
        ('kv_namespaces = [{ binding = "A" }, { binding = "A" }]', "two bindings named A"),
        ('kv_namespaces = [{ binding = "A" }]\n[vars]\nA = 1', "two bindings named A"),
        (f"[[ratelimits]]\n{RATE}", "simple must be a limit and a period"),
        (f"[[ratelimits]]\n{RATE}\nsimple = {{ limit = 0, period = 10 }}", "simple must be"),
        (f"[[ratelimits]]\n{RATE}\nsimple = {{ limit = 1, period = 30 }}", "10 or 60 seconds"),
        ('[[unsafe.bindings]]\nname = "A"\ntype = "x"', "only the type ratelimit is supported"),
        ("[unsafe]\nmetadata = 1", 'unsafe: "metadata" is not supported'),
        ("[edgewright]\nx = 1", 'edgewright: "x" is not supported'),
        ("[[edgewright.rate_limits]]\nlimit = 1", "missing required field `period`"),
        ('[[edgewright.rate_limits]]\nlimit = 1\nperiod = 1\nby = "x"', "matching regex"),
        ("[[edgewright.rate_limits]]\nlimit = 0\nperiod = 1", "Expected `int` >= 1"),
    ],
)
def test_what_can_not_be_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"wrangler\.toml: ") as caught:
        load(tmp_path, text)
    assert message in str(caught.value)
