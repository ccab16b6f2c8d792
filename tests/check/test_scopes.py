"""Which variable a name means."""

from __future__ import annotations

from edgewright.check.scopes import Scopes, Variable
from edgewright.check.syntax import Source


def top(source: str) -> dict[str, Variable]:
    return Scopes(Source("worker:/x.js", source).root).top.names


def test_names_that_patterns_bind() -> None:
    assert list(top("const { a, b: { c }, d = 1, ...e } = f(), [g, [h], ...i] = j;")) == [
        *("a", "c", "d", "e", "g", "h", "i")
    ]


def test_imports() -> None:
    names = top('import a, { b as c } from "./x.js"; import * as d from "./y.js";')
    assert {name: variable.imported for name, variable in names.items()} == {
        "a": ("./x.js", "default"),
        "c": ("./x.js", "b"),
        "d": ("./y.js", "*"),
    }


def test_var_and_functions_belong_to_the_function_and_let_to_the_block() -> None:
    assert list(top("{ var a; let b; } for (var c of d) { let e; } try {} catch (f) {}")) == [
        *("a", "c")
    ]


def test_an_inner_variable_of_the_same_name() -> None:
    variable = top("let a = 1; function f(a) { a = 2; } { let a = 3; a++; } a;")["a"]
    assert (len(variable.reads), len(variable.writes)) == (1, 0)


def test_all_ways_to_write() -> None:
    source = "let a; a = 1; a += 1; a++; [a] = b; ({ a } = b); ({ x: a = 1 } = b); for (a of b);"
    variable = top(source)["a"]
    assert (len(variable.reads), len(variable.writes)) == (2, 7)


def test_what_is_only_a_property() -> None:
    variable = top("let a; x.a = 1; ({ a: 1 }); class A { a = 1; a() {} }; b[a];")["a"]
    assert (len(variable.reads), len(variable.writes)) == (1, 0)


def test_await_of_what_stands_in_parentheses() -> None:
    source = Source("worker:/x.js", "async () => await (await f()).json();")
    assert [node.type for node in source.root.walk()].count("await_expression") == 2
