"""What a file is imported as."""

from __future__ import annotations

import pytest

from edgewright.config.module_rules import ModuleKind, ModuleRule, effective_rules, kind_of


def kind(path: str, *rules: ModuleRule) -> ModuleKind | None:
    return kind_of(path, effective_rules(rules))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("index.js", "esm"),
        ("lib/a.mjs", "esm"),
        ("a.cjs", "commonjs"),
        ("a.json", "json"),
        ("deep/er/a.txt", "text"),
        ("a.html", "text"),
        ("a.sql", "text"),
        ("a.bin", "data"),
        ("a.wasm", "wasm"),
        ("a.md", None),
        ("a.txt.gz", None),
    ],
)
def test_kinds_without_rules(path: str, expected: ModuleKind | None) -> None:
    assert kind(path) == expected


def test_a_rule_replaces_the_default_one_for_its_kind() -> None:
    rule = ModuleRule("text", ("**/*.md",))
    assert kind("a.md", rule) == "text"
    assert kind("a.txt", rule) is None
    assert kind("a.bin", rule) == "data"


def test_a_rule_that_falls_through_adds_to_the_default_one() -> None:
    rule = ModuleRule("text", ("**/*.md",), fallthrough=True)
    assert kind("a.txt", rule) == "text"


def test_rules_come_before_what_suffixes_say() -> None:
    assert kind("vendor/a.js", ModuleRule("commonjs", ("vendor/**/*.js",))) == "commonjs"
    assert kind("src/a.js", ModuleRule("commonjs", ("vendor/**/*.js",))) == "esm"


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("*.svg", "a.svg", True),
        ("*.svg", "x/a.svg", False),
        ("**/*.svg", "x/y/a.svg", True),
        ("icons/**", "icons/x/y.png", True),
        ("./a.{png,svg}", "a.svg", True),
        ("a.{png,svg}", "a.gif", False),
        ("?.x", "a.x", True),
        ("a+(b).x", "a+(b).x", True),
    ],
)
def test_globs(glob: str, path: str, matches: bool) -> None:
    assert (kind(path, ModuleRule("data", (glob,))) == "data") is matches
