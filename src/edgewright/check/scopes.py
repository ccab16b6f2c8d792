"""Which variable each identifier of a module means (ECMA-262 §9.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgewright.check.syntax import CLASSES, FUNCTIONS, Node

_PATTERNS = frozenset({"object_pattern", "array_pattern", "pair_pattern", "rest_pattern"})
_DEFAULTS = frozenset({"assignment_pattern", "object_assignment_pattern"})
_DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration", "using_declaration"})
_NAMES = frozenset(
    {"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"}
)
_BLOCKS = frozenset(
    {"statement_block", "for_statement", "for_in_statement", "catch_clause", "switch_body"}
    | {"class_static_block"}
)


@dataclass(eq=False, slots=True)
class Variable:
    """What a name stands for."""

    name: str
    node: Node
    """The identifier that declares it."""
    kind: str
    """"let", "const", "var", "using", "function", "class", "import", "parameter" or "catch"."""
    scope: Scope
    value: Node | None = None
    """What it is from the start, where that is one expression, a function or a class."""
    destructured: bool = False
    """It is a part of `value`."""
    imported: tuple[str, str] | None = None
    """Specifier and name of what is imported; "*" is the namespace."""
    reads: list[Node] = field(default_factory=list[Node])
    writes: list[Node] = field(default_factory=list[Node])
    """Identifiers that are assigned to; an update (`+=`, `++`) is a read as well."""

    @property
    def is_module_level(self) -> bool:
        return self.scope.parent is None

    @property
    def is_constant(self) -> bool:
        """Whether it never changes after its declaration."""
        return not self.writes


class Scope:
    def __init__(self, parent: Scope | None, *, function: bool) -> None:
        self.parent = parent
        self.function = function
        self.names: dict[str, Variable] = {}

    def find(self, name: str) -> Variable | None:
        scope: Scope | None = self
        while scope is not None:
            if (found := scope.names.get(name)) is not None:
                return found
            scope = scope.parent
        return None


class Scopes:
    """All variables of one module."""

    def __init__(self, root: Node) -> None:
        self.top = Scope(None, function=True)
        self.variables: dict[Node, Variable] = {}
        """By each identifier that declares, reads or writes one."""
        self.parameters: dict[Node, list[Variable]] = {}
        """By functions."""
        self._references: list[tuple[Node, Scope]] = []
        self._enter(root)
        for node, scope in self._references:
            if node not in self.variables and (found := scope.find(node.text)) is not None:
                self.variables[node] = found
                read, written = _use(node)
                if read:
                    found.reads.append(node)
                if written:
                    found.writes.append(node)

    def _enter(self, root: Node) -> None:
        stack: list[tuple[Node, Scope]] = [(root, self.top)]
        while stack:
            node, scope = stack.pop()
            if node.type in _NAMES:
                self._references.append((node, scope))
                continue
            if node.type in FUNCTIONS:
                scope = self._function(node, scope)
            elif node.type in CLASSES:
                scope = self._class(node, scope)
            elif node.type in _BLOCKS and not (node.parent and node.parent.type in FUNCTIONS):
                scope = Scope(scope, function=node.type == "class_static_block")
            if node.type in _DECLARATIONS:
                self._declaration(node, scope)
            elif node.type == "for_in_statement" and (kind := node.get("kind")) is not None:
                target = scope if kind.type != "var" else _function_scope(scope)
                self._declare(node.get("left"), kind.type, target, node.get("right"), part=True)
            elif node.type == "catch_clause":
                self._declare(node.get("parameter"), "catch", scope)
            elif node.type == "import_statement":
                self._import(node, scope)
                continue
            stack.extend((child, scope) for child in reversed(node.children))

    def _function(self, node: Node, scope: Scope) -> Scope:
        name = node.get("name")
        if node.type in ("function_declaration", "generator_function_declaration"):
            self._declare(name, "function", scope, node)
        inner = Scope(scope, function=True)
        if node.type in ("function_expression", "generator_function"):
            self._declare(name, "function", inner, node)
        listed = node.get("parameters")
        found = listed.named if listed is not None else [node.get("parameter")]
        before = len(self.variables)
        for parameter in found:
            self._declare(parameter, "parameter", inner)
        self.parameters[node] = list(self.variables.values())[before:]
        return inner

    def _class(self, node: Node, scope: Scope) -> Scope:
        name = node.get("name")
        if node.type == "class_declaration":
            self._declare(name, "class", scope, node)
            return scope
        inner = Scope(scope, function=False)
        self._declare(name, "class", inner, node)
        return inner

    def _declaration(self, node: Node, scope: Scope) -> None:
        kinds = [child.type for child in node.children if child.field == "kind"]
        kind = kinds[-1] if kinds else "var"
        target = _function_scope(scope) if kind == "var" else scope
        for declarator in node.children:
            if declarator.type == "variable_declarator":
                self._declare(declarator.get("name"), kind, target, declarator.get("value"))

    def _import(self, node: Node, scope: Scope) -> None:
        source = node.get("source")
        specifier = source.text[1:-1] if source is not None else ""
        for found in node.walk():
            parent = found.parent
            if parent is None or found.type not in ("identifier", "string", "import_specifier"):
                continue
            if found.type == "import_specifier":
                name, local = found.get("name"), found.get("alias") or found.get("name")
                imported = "" if name is None else name.text.strip("'\"")
            elif found.type == "identifier" and parent.type == "namespace_import":
                local, imported = found, "*"
            elif found.type == "identifier" and parent.type == "import_clause":
                local, imported = found, "default"
            else:
                continue
            for variable in self._declare(local, "import", scope):
                variable.imported = (specifier, imported)

    def _declare(
        self,
        pattern: Node | None,
        kind: str,
        scope: Scope,
        value: Node | None = None,
        *,
        part: bool = False,
    ) -> list[Variable]:
        """All names of a pattern. A `var` or function that is there twice is the same variable."""
        found: list[Variable] = []
        for name, inside in binding_names(pattern):
            variable = scope.names.get(name.text)
            if variable is None:
                variable = Variable(name.text, name, kind, scope, value, inside or part)
                scope.names[variable.name] = variable
            elif value is not None:
                variable.writes.append(name)
            self.variables[name] = variable
            found.append(variable)
        return found


def binding_names(pattern: Node | None) -> list[tuple[Node, bool]]:
    """The identifiers that a pattern binds, and whether each is a part of the whole."""
    found: list[tuple[Node, bool]] = []
    stack = [(pattern, False)]
    while stack:
        node, inside = stack.pop()
        if node is None:
            continue
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            found.append((node, inside))
        elif node.type in _DEFAULTS:
            stack.append((node.get("left"), True))
        elif node.type == "pair_pattern":
            stack.append((node.get("value"), True))
        elif node.type in _PATTERNS:
            stack.extend((child, True) for child in reversed(node.named))
    return found


def _function_scope(scope: Scope) -> Scope:
    while not scope.function and scope.parent is not None:
        scope = scope.parent
    return scope


def _use(node: Node) -> tuple[bool, bool]:
    """Whether an identifier that declares nothing is read and whether it is written."""
    if node.type == "shorthand_property_identifier_pattern":
        return False, True
    child, parent = node, node.parent
    while parent is not None:
        if parent.type == "parenthesized_expression":
            child, parent = parent, parent.parent
            continue
        if parent.type == "update_expression":
            return True, True
        if child.field == "left" and parent.type == "augmented_assignment_expression":
            return True, True
        if child.field == "left" and parent.type in ("assignment_expression", "for_in_statement"):
            return False, True
        if parent.type in _DEFAULTS:
            if child.field != "left":
                break
        elif parent.type == "pair_pattern":
            if child.field != "value":
                break
        elif parent.type not in _PATTERNS:
            break
        child, parent = parent, parent.parent
    return True, False
