"""Code that only reads: whatever it is given, it changes nothing that other code could see.

Two pieces of such code can run in any order, or together, and give the same. What is not known to
be so is taken to be otherwise.
"""

from __future__ import annotations

from edgewright.check.program import Program
from edgewright.check.scopes import Variable
from edgewright.check.syntax import FUNCTIONS, Node, arguments_of, bare, member, within
from edgewright.check.waits import operation

_PLAIN = frozenset(
    {"arguments", "array", "array_pattern", "assignment_pattern", "await_expression"}
    | {"binary_expression", "computed_property_name", "else_clause", "empty_statement"}
    | {"escape_sequence", "expression_statement", "false", "formal_parameters", "identifier"}
    | {"if_statement", "lexical_declaration", "member_expression", "null", "number", "object"}
    | {"object_assignment_pattern", "object_pattern", "optional_chain", "pair", "pair_pattern"}
    | {"parenthesized_expression", "property_identifier", "regex", "regex_flags", "regex_pattern"}
    | {"rest_pattern", "return_statement", "shorthand_property_identifier", "spread_element"}
    | {"shorthand_property_identifier_pattern", "statement_block", "string", "string_fragment"}
    | {"subscript_expression", "template_string", "template_substitution", "ternary_expression"}
    | {"throw_statement", "true", "undefined", "variable_declaration", "variable_declarator"}
)
_KNOWN = _PLAIN | FUNCTIONS | {"async", "await"}
_FUNCTIONS = frozenset(
    {"Number", "String", "Boolean", "encodeURIComponent", "decodeURIComponent", "parseInt"}
    | {"parseFloat", "encodeURI", "decodeURI", "isNaN", "atob", "btoa"}
)
_OBJECTS = frozenset({"JSON", "Math", "Object", "Array", "Number", "String"})
_STATIC = frozenset(
    {"parse", "stringify", "keys", "values", "entries", "fromEntries", "isArray", "floor", "min"}
    | {"max", "round", "ceil", "isInteger"}
)
_MADE = frozenset({"URL", "URLSearchParams", "Headers", "Date", "Error", "TypeError"})
_METHODS = frozenset(
    {"json", "text", "arrayBuffer", "bytes", "blob", "formData", "toString", "slice", "trim"}
    | {"toLowerCase", "toUpperCase", "split", "join", "startsWith", "endsWith", "includes"}
    | {"padStart", "padEnd", "has", "at", "indexOf", "getTime", "toISOString", "charAt"}
)
"""Of strings, arrays, URLSearchParams and Headers, and what reads a response's body."""


class Reading:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[Node, bool] = {}

    def only(self, node: Node) -> bool:
        """Whether an expression, or the statements of a block, only read."""
        for each in [node, *within(node)]:
            if each.type in FUNCTIONS and each is not node:
                if not self._is_mapping(each):
                    return False
            elif each.type == "call_expression":
                if not self._call(each):
                    return False
            elif each.type == "new_expression":
                made = each.get("constructor")
                if made is None or made.text not in _MADE or self._program.variable(made):
                    return False
            elif each.type == "unary_expression":
                operator = each.get("operator")
                if operator is None or operator.type == "delete":
                    return False
            elif each.field not in ("operator", "kind") and each.type not in _KNOWN:
                return False
        return True

    def waits(self, node: Node) -> bool:
        """Whether something is awaited in it that is I/O for certain."""
        for each in [node, *within(node)]:
            if each.type != "await_expression" or not each.children:
                continue
            if any(self._reads_io(below) for below in each.children[-1].walk()):
                return True
        return False

    def uses(self, node: Node, variables: set[Variable]) -> bool:
        """Whether it depends on any of these, itself or by a function that it calls."""
        seen: set[Node] = set()
        queue = [node]
        while queue:
            for each in queue.pop().walk():
                if each.type in ("identifier", "shorthand_property_identifier"):
                    if self._program.variable(each) in variables:
                        return True
                elif each.type == "call_expression":
                    called = self._program.called(each)
                    if called is not None and called not in seen:
                        seen.add(called)
                        queue.append(called)
        return False

    def _reads_io(self, node: Node) -> bool:
        if node.type != "call_expression":
            return False
        if operation(self._program, node) is not None:
            return True
        called = self._program.called(node)
        return called is not None and any(
            operation(self._program, each) is not None for each in called.walk()
        )

    def _call(self, call: Node) -> bool:
        found = operation(self._program, call)
        if found is not None:
            return found.is_read
        called = self._program.called(call)
        if called is not None:
            return self._function(called)
        target = bare(call.get("function"))
        if target is not None and target.type == "identifier":
            return target.text in _FUNCTIONS and self._program.variable(target) is None
        part = member(target)
        if part is None:
            return False
        base, name = part
        if base.type == "identifier" and self._program.variable(base) is None:
            return base.text in _OBJECTS and name in _STATIC
        if name == "then":
            return len(arguments_of(call)) == 1 and arguments_of(call)[0].type == "arrow_function"
        return name in _METHODS or (name == "get" and len(arguments_of(call)) == 1)

    def _function(self, function: Node) -> bool:
        """Whether all that it does is to read. One that calls itself is taken not to."""
        if function not in self._known:
            self._known[function] = False
            body = function.get("body")
            self._known[function] = (
                body is not None and not function.has("*") and self._body(function, body)
            )
        return self._known[function]

    def _body(self, function: Node, body: Node) -> bool:
        listed = function.get("parameters")
        return self.only(body) and (listed is None or self.only(listed))

    def _is_mapping(self, function: Node) -> bool:
        """A callback that only reads, as in `.then((response) => response.json())`."""
        body = function.get("body")
        return function.type == "arrow_function" and body is not None and self.only(body)
