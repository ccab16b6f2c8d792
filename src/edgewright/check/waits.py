"""What code waits for: the event loop for certain, perhaps, or nothing at all.

Another request can run between two statements only where the isolate goes back to its event loop.
`await` alone does not: a promise that is settled already goes on in the same turn. So a proof needs
to know that what is awaited is I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgewright.check.program import Program
from edgewright.check.syntax import FUNCTIONS, Node, arguments_of, bare, literal, member, within

Wait = Literal["io", "unknown", "none"]

_BODY = frozenset({"text", "json", "arrayBuffer", "bytes", "blob", "formData"})
_COMBINE = frozenset({"all", "allSettled", "race", "any"})
_CHAIN = frozenset({"then", "catch", "finally"})
_READS = frozenset({"get", "getWithMetadata", "list", "head", "match"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READY = frozenset({"promise", "resolve", "reject"})


@dataclass(frozen=True, slots=True)
class Operation:
    """A call that is I/O, whatever it is given."""

    name: str
    """`fetch()`, `env.KV.put()` …"""
    is_read: bool
    """It changes nothing (RFC 9110 §9.2.1, or by what it is)."""


def operation(program: Program, call: Node | None) -> Operation | None:
    """What I/O a call is; None where that can't be told by its name."""
    call = bare(call)
    if call is None or call.type != "call_expression":
        return None
    target = bare(call.get("function"))
    if program.is_global(target, "fetch"):
        return Operation("fetch()", _is_safe(program, call))
    found = member(target)
    if found is None:
        return None
    base, name = found
    if (binding := binding_of(program, base)) is not None:
        if name == "fetch":
            return Operation(f"env.{binding}.fetch()", _is_safe(program, call))
        return Operation(f"env.{binding}.{name}()", name in _READS)
    if program.is_global(base, "scheduler") and name == "wait":
        return Operation("scheduler.wait()", is_read=False)
    inner = member(base)
    if inner is not None and program.is_global(inner[0], "caches") and inner[1] == "default":
        return Operation(f"caches.default.{name}()", name in _READS)
    return None


def binding_of(program: Program, node: Node | None) -> str | None:
    """The X of `env.X`, be it `this.env.X`, `c.env.X`, or a constant that is one of them."""
    node = bare(node)
    if node is not None and node.type == "identifier":
        node = program.value(node)
    found = member(node)
    if found is None:
        return None
    base, name = found
    if base.type == "identifier":
        variable = program.variable(base)
        is_env = base.text == "env" and variable is not None and variable.kind != "const"
        return name if is_env else None
    inner = member(base)
    return name if inner is not None and inner[1] == "env" else None


def wait_of(program: Program, awaited: Node | None, *, steps: int = 8) -> Wait:
    """What `await` waits for. Functions of the program are looked into by the caller: they count as
    "unknown" here."""
    node = bare(awaited)
    if node is None or steps == 0:
        return "unknown"
    if node.type == "identifier":
        value = program.value(node)
        return "unknown" if value is None or value is node else wait_of(program, value, steps=1)
    if node.type == "await_expression":
        return "none"
    if node.type in ("number", "string", "template_string", "object", "array", "true", "false"):
        return "none"
    if node.type != "call_expression":
        return "unknown"
    if operation(program, node) is not None:
        return "io"
    found = member(bare(node.get("function")))
    if found is None:
        return "unknown"
    base, name = found
    if name in _BODY and not arguments_of(node):
        return "io"
    if name in _CHAIN:
        return wait_of(program, base, steps=steps - 1)
    inner = member(base)
    if inner is not None and inner[1] == "subtle" and program.is_global(inner[0], "crypto"):
        return "io"
    if program.is_global(base, "Promise"):
        if name in _COMBINE:
            given = [each for each in within(node, functions=True) if each.type != "arguments"]
            found_io = any(operation(program, each) is not None for each in given)
            return "io" if found_io else "unknown"
        return "none" if name in READY else "unknown"
    return "unknown"


def gives_io(program: Program, function: Node, *, steps: int = 5) -> bool:
    """Whether a function returns a promise of I/O, which it does not wait for itself."""
    body = function.get("body")
    if body is None or steps == 0:
        return False
    if body.type == "statement_block":
        given = [each.named[0] for each in within(body) if _returns(each)]
    else:
        given = [body]
    for each in given:
        if wait_of(program, each) == "io":
            return True
        call = bare(each)
        if call is not None and call.type == "call_expression":
            called = program.called(call)
            if called is not None and gives_io(program, called, steps=steps - 1):
                return True
    return False


def _returns(node: Node) -> bool:
    return node.type == "return_statement" and bool(node.named)


def _is_safe(program: Program, call: Node) -> bool:
    """Whether a fetch() is known to have a method that changes nothing."""
    given = arguments_of(call)
    if not given or any(each.type == "spread_element" for each in given):
        return False
    if not _is_url(program, given[0]):
        return False
    if len(given) == 1:
        return True
    init = bare(given[1])
    if init is None or init.type != "object":
        return False
    if any(each.type == "spread_element" for each in init.children):
        return False
    method = program.property(init, "method")
    if method is None:
        return not any(
            key.type == "computed_property_name"
            for each in init.children
            if (key := each.get("key")) is not None
        ) and not any(each.type.startswith("shorthand") for each in init.children)
    return (literal(method) or "").upper() in _SAFE_METHODS


def _is_url(program: Program, node: Node) -> bool:
    """Whether it can't be a Request, which brings a method of its own."""
    found = program.value(node) or bare(node)
    if found is None:
        return False
    if found.type in ("string", "template_string"):
        return True
    if found.type == "binary_expression":
        left, right = found.get("left"), found.get("right")
        return any(
            side is not None and _is_url(program, side) for side in (left, right)
        ) or _is_member_of_env(program, left)
    if found.type == "new_expression":
        return program.is_global(found.get("constructor"), "URL")
    return _is_member_of_env(program, found)


def _is_member_of_env(program: Program, node: Node | None) -> bool:
    return binding_of(program, node) is not None


def calls_within(node: Node) -> list[Node]:
    """The calls that are made where the code runs, not by functions that it makes."""
    below = [node, *within(node)] if node.type not in FUNCTIONS else list(within(node))
    return [each for each in below if each.type == "call_expression"]
