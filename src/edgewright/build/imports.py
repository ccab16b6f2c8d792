"""Finds what a JavaScript module imports.

The parser is tree-sitter's: it also reads what is not valid JavaScript, and knows syntax that is
newer than it as a node with an error inside. So nothing is reported here about the syntax; V8 does
that when it loads the module, and knows better.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser, Query, QueryCursor

_LANGUAGE = Language(tree_sitter_javascript.language())
_IMPORTS = Query(
    _LANGUAGE,
    """
    (import_statement source: (string) @static)
    (export_statement source: (string) @static)
    (call_expression function: (import)) @call
    """,
)
_REQUIRES = Query(
    _LANGUAGE,
    """
    (call_expression
      function: (identifier) @name (#eq? @name "require")
      arguments: (arguments . (string))) @call
    """,
)
_ATTRIBUTES = Query(
    _LANGUAGE,
    """
    (import_attribute) @attribute
    (call_expression function: (import) arguments: (arguments . (_) . (object) @attribute))
    """,
)
_MODULE_SYNTAX = Query(_LANGUAGE, '[(import_statement) (export_statement) (ERROR "export")] @found')


@dataclass(frozen=True, slots=True)
class Import:
    """One `import` declaration, `export … from` or `import()`. Positions are 1-based."""

    specifier: str | None
    """None where it is only known at run time: `import(name)`."""
    line: int
    column: int
    guarded: bool = False
    """An `import()` whose failure the code handles: inside of `try`, or with `.catch`."""


def find_imports(source: str) -> list[Import]:
    """All imports of a module, in the order in which they stand there."""
    text = source.encode(errors="surrogatepass")
    tree = Parser(_LANGUAGE).parse(text)
    captures = QueryCursor(_IMPORTS).captures(tree.root_node)
    found = [_import(text, node, guarded=False) for node in captures.get("static", [])]
    found += [
        _import(text, _argument(node), _is_guarded(node)) for node in captures.get("call", [])
    ]
    return sorted(found, key=lambda each: (each.line, each.column))


def find_requires(source: str) -> list[Import]:
    """What a CommonJS module asks for by name: require("…"), and import()."""
    text = source.encode(errors="surrogatepass")
    root = Parser(_LANGUAGE).parse(text).root_node
    calls = QueryCursor(_REQUIRES).captures(root).get("call", [])
    dynamic = QueryCursor(_IMPORTS).captures(root).get("call", [])
    found = [_import(text, _argument(node), _is_guarded(node)) for node in (*calls, *dynamic)]
    return sorted(found, key=lambda each: (each.line, each.column))


def without_attributes(source: str) -> str:
    """Blanks `with { type: "json" }`, which a bundler would have taken out as well: what a file is
    read as is a matter of the rules. Positions stay what they were."""
    if "with" not in source and "assert" not in source:
        return source
    text = bytearray(source.encode(errors="surrogatepass"))
    root = Parser(_LANGUAGE).parse(bytes(text)).root_node
    for node in QueryCursor(_ATTRIBUTES).captures(root).get("attribute", []):
        text[node.start_byte : node.end_byte] = re.sub(
            rb"[^\n]", b" ", text[node.start_byte : node.end_byte]
        )
    return text.decode(errors="surrogatepass")


def has_module_syntax(source: str) -> bool:
    """Whether any `import` or `export` declaration makes this a module, and not a script."""
    tree = Parser(_LANGUAGE).parse(source.encode(errors="surrogatepass"))
    return bool(QueryCursor(_MODULE_SYNTAX).captures(tree.root_node))


def _argument(call: Node) -> Node:
    """The first argument of an import(), or the call itself where there is none."""
    arguments = call.child_by_field_name("arguments")
    return arguments.named_children[0] if arguments and arguments.named_children else call


def _import(text: bytes, at: Node, guarded: bool) -> Import:
    row, byte_column = at.start_point
    before = text[at.start_byte - byte_column : at.start_byte].decode(errors="replace")
    return Import(_literal(at), row + 1, len(before) + 1, guarded)


def _literal(node: Node) -> str | None:
    """The value of a string, or of a template without substitutions; else None."""
    if node.type not in ("string", "template_string"):
        return None
    if any(child.type != "string_fragment" for child in node.named_children):
        return None  # ${…}, or an escape sequence, which nobody needs in the name of a file
    return "".join((child.text or b"").decode() for child in node.named_children)


def _is_guarded(call: Node) -> bool:
    node = call
    while node.parent is not None:
        parent = node.parent
        if parent.type == "try_statement" and parent.child_by_field_name("body") == node:
            return True
        if parent.type == "member_expression":
            name = parent.child_by_field_name("property")
            if name is not None and name.text == b"catch":
                return True
        node = parent
    return False
