"""JavaScript as a tree that is cheap to go over many times.

tree-sitter parses (see build/imports.py); its nodes are made anew at each touch, so what the rules
need is copied once. No function here recurses: minified code nests thousands deep.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import tree_sitter_javascript
from tree_sitter import Language, Parser

_LANGUAGE = Language(tree_sitter_javascript.language())
_KEPT = frozenset({"async", "await", "default", "static", "get", "set", "*"})
"""Tokens without a name of their own that mean something."""

FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
CLASSES = frozenset({"class", "class_declaration"})


class Node:
    """A node of the tree; its type and the names of fields are those of tree-sitter-javascript."""

    __slots__ = ("children", "end", "field", "parent", "source", "start", "type")

    def __init__(
        self,
        type: str,
        start: int,
        end: int,
        field: str | None,
        parent: Node | None,
        source: Source,
    ) -> None:
        self.type = type
        self.start = start
        self.end = end
        self.field = field
        self.parent = parent
        self.source = source
        self.children: list[Node] = []

    def get(self, field: str) -> Node | None:
        """The first child that stands in this field."""
        for child in self.children:
            if child.field == field:
                return child
        return None

    def has(self, token: str) -> bool:
        """Whether a token stands among the children, as `async` does in a function's."""
        return any(child.type == token for child in self.children)

    @property
    def text(self) -> str:
        return self.source.bytes[self.start : self.end].decode(errors="replace")

    @property
    def named(self) -> list[Node]:
        """The children without tokens."""
        return [child for child in self.children if child.type not in _KEPT and child.type != ";"]

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order in which they stand there."""
        stack: list[Node] = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def above(self) -> Iterator[Node]:
        """The parent, its parent …"""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


class Source:
    """A module's text, its tree and its comments."""

    def __init__(self, specifier: str, text: str) -> None:
        self.specifier = specifier
        self.text = text
        self.bytes = text.encode(errors="surrogatepass")
        self.comments: list[Node] = []
        self._lines = [0]
        at = -1
        while (at := self.bytes.find(b"\n", at + 1)) >= 0:
            self._lines.append(at + 1)
        self.root = self._parse()
        for node in list(self.root.walk()):
            if node.type == "call_expression" and _calls_await(node):
                _wrap_in_await(node)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1 and in characters."""
        line = bisect_right(self._lines, offset)
        before = self.bytes[self._lines[line - 1] : offset]
        return line, len(before.decode(errors="replace")) + 1

    def _parse(self) -> Node:
        cursor = Parser(_LANGUAGE).parse(self.bytes).walk()
        root = Node("program", 0, len(self.bytes), None, None, self)
        parent = root
        if not cursor.goto_first_child():
            return root
        while True:
            found = cursor.node
            assert found is not None
            type, field = found.type, cursor.field_name
            deeper = False
            if type == "comment" or type == "hash_bang_line":
                self.comments.append(
                    Node("comment", found.start_byte, found.end_byte, None, parent, self)
                )
            elif found.is_named or field is not None or type in _KEPT:
                node = Node(type, found.start_byte, found.end_byte, field, parent, self)
                parent.children.append(node)
                if cursor.goto_first_child():
                    parent, deeper = node, True
            while not deeper and not cursor.goto_next_sibling():
                if not cursor.goto_parent() or parent is root:
                    return root
                assert parent.parent is not None
                parent = parent.parent


def _calls_await(call: Node) -> bool:
    """The grammar takes `await (…)` for a call of a function of that name."""
    target = call.get("function")
    return target is not None and target.type == "identifier" and target.text == "await"


def _wrap_in_await(call: Node) -> None:
    """`await (…).text()` waits for all of it."""
    given = call.get("arguments")
    call.type = "parenthesized_expression"
    call.children = [] if given is None else given.children
    for child in call.children:
        child.parent = call
    top = call
    while top.parent is not None and top.field in ("object", "function"):
        top = top.parent
    above = top.parent
    wrapped = Node("await_expression", call.start, top.end, top.field, above, top.source)
    wrapped.children = [top]
    if above is not None:
        above.children[above.children.index(top)] = wrapped
    top.parent, top.field = wrapped, None


def bare(node: Node | None) -> Node | None:
    """The expression itself, without the parentheses around it."""
    while node is not None and node.type == "parenthesized_expression" and node.named:
        node = node.named[0]
    return node


def arguments_of(call: Node) -> list[Node]:
    """Of a call, or of `new`."""
    found = call.get("arguments")
    return found.named if found is not None and found.type == "arguments" else []


def member(node: Node | None) -> tuple[Node, str] | None:
    """Of `a.b` and `a["b"]`: what a property is taken of, and its name."""
    if node is None:
        return None
    base = bare(node.get("object"))
    if base is None:
        return None
    if node.type == "member_expression" and (name := node.get("property")) is not None:
        return base, name.text
    if node.type == "subscript_expression" and (index := node.get("index")) is not None:
        value = literal(index)
        return None if value is None else (base, value)
    return None


def literal(node: Node | None) -> str | None:
    """The value of a plain string or template; None for all else."""
    node = bare(node)
    if node is None or node.type not in ("string", "template_string"):
        return None
    if any(child.type != "string_fragment" for child in node.children):
        return None
    return "".join(child.text for child in node.children)


def is_identifier(node: Node | None, *names: str) -> bool:
    return node is not None and node.type == "identifier" and node.text in names


def enclosing_function(node: Node) -> Node | None:
    """The function whose code the node is; None for code of the module itself."""
    for above in node.above():
        if above.type in FUNCTIONS:
            return above
    return None


def within(node: Node, *, functions: bool = False) -> Iterator[Node]:
    """What is below, in order; without the code of functions that are made there, unless asked."""
    stack = list(reversed(node.children))
    while stack:
        found = stack.pop()
        yield found
        if functions or found.type not in FUNCTIONS:
            stack.extend(reversed(found.children))
