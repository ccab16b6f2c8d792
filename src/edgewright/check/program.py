"""All modules of a Worker together: what is imported from where, and which function a call means.

What can't be told (a method of an object that came from somewhere) is None. A rule that says that
something is proved must not build on what is None.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import cached_property

from edgewright.check.scopes import Scopes, Variable
from edgewright.check.syntax import (
    CLASSES,
    FUNCTIONS,
    Node,
    Source,
    bare,
    enclosing_function,
    literal,
    member,
    within,
)

_MOST_STEPS = 30
"""From a name to what it stands for; imports may go round in circles."""

_HAVING_FUNCTIONS = FUNCTIONS | CLASSES | {"object"}

Export = Variable | Node | tuple[str, str]
"""A variable, an expression (`export default …`), or another module's export."""


class Module:
    def __init__(self, specifier: str, text: str) -> None:
        self.specifier = specifier
        self.source = Source(specifier, text)
        self.scopes = Scopes(self.source.root)
        self.exports: dict[str, Export] = {}
        self.passed_on: list[str] = []
        """Specifiers of `export * from`."""
        self._find_exports()

    def _find_exports(self) -> None:
        for node in self.source.root.children:
            if node.type != "export_statement":
                continue
            from_ = literal(node.get("source"))
            for child in node.children:
                if child.type == "export_clause":
                    for each in child.children:
                        self._export_specifier(each, from_)
                elif child.type == "namespace_export" and from_ is not None and child.named:
                    self.exports[child.named[0].text.strip("'\"")] = (from_, "*")
            declaration, value = node.get("declaration"), node.get("value")
            if value is not None:
                self.exports["default"] = value
            elif declaration is not None:
                self._exported_declaration(node, declaration)
            elif from_ is not None and not any(
                child.type in ("export_clause", "namespace_export") for child in node.children
            ):
                self.passed_on.append(from_)

    def _export_specifier(self, node: Node, from_: str | None) -> None:
        name, alias = node.get("name"), node.get("alias")
        if node.type != "export_specifier" or name is None:
            return
        exported = (alias or name).text.strip("'\"")
        if from_ is not None:
            self.exports[exported] = (from_, name.text.strip("'\""))
        elif (variable := self.scopes.top.names.get(name.text)) is not None:
            self.exports[exported] = variable

    def _exported_declaration(self, node: Node, declaration: Node) -> None:
        if node.has("default"):
            self.exports["default"] = declaration
            return
        for variable in self.scopes.top.names.values():
            if any(above is declaration for above in variable.node.above()) and (
                enclosing_function(variable.node) in (None, declaration)
            ):
                self.exports[variable.name] = variable


class Program:
    """The modules of one Worker, by their specifiers."""

    def __init__(self, main: str, modules: Mapping[str, str]) -> None:
        self.main = main
        self.modules = {name: Module(name, text) for name, text in modules.items()}
        self._functions: dict[Node, Node | None] = {}

    def variable(self, node: Node) -> Variable | None:
        """What an identifier means, in the module that declares it."""
        module = self.modules.get(node.source.specifier)
        found = None if module is None else module.scopes.variables.get(node)
        return None if found is None else self.origin(found)

    def is_global(self, node: Node | None, name: str) -> bool:
        """Whether it is the global of that name, and no variable of the program's."""
        return (
            node is not None
            and node.type == "identifier"
            and node.text == name
            and node not in self.modules[node.source.specifier].scopes.variables
        )

    def origin(self, variable: Variable) -> Variable | None:
        """Where an import leads to; the variable itself if it is none. None for what is no
        variable of the program."""
        for _ in range(_MOST_STEPS):
            if variable.imported is None:
                return variable
            found = self._export(variable.node.source.specifier, *variable.imported)
            if not isinstance(found, Variable):
                return variable if found is None else None
            variable = found
        return None

    def value(self, node: Node | None) -> Node | None:
        """The expression, function or class that something always is; itself if no more is known.
        None for a variable that changes, and for what is not of the program."""
        for _ in range(_MOST_STEPS):
            node = bare(node)
            if node is None:
                return None
            if node.type in ("identifier", "shorthand_property_identifier"):
                step = self._value_of_name(node)
            elif node.type in ("member_expression", "subscript_expression"):
                step = self._value_of_member(node)
            else:
                return node
            if step is None:
                return None
            node = step
        return None

    def called(self, call: Node) -> Node | None:
        """The function that a call_expression calls."""
        if call not in self._functions:
            self._functions[call] = self._find_called(call)
        return self._functions[call]

    def parameters(self, function: Node) -> list[Variable]:
        module = self.modules.get(function.source.specifier)
        return [] if module is None else module.scopes.parameters.get(function, [])

    def property(self, node: Node, name: str) -> Node | None:
        """What an object literal or a class has under a name."""
        if node.type in CLASSES:
            body = node.get("body")
            members = body.children if body is not None else []
        elif node.type == "object":
            members = node.children
        else:
            return None
        for each in members:
            key = each.get("name") or each.get("key") or each.get("property")
            if each.type == "shorthand_property_identifier" and each.text == name:
                return each
            if key is None or (literal(key) or key.text) != name:
                continue
            if each.type == "method_definition":
                return None if each.has("get") or each.has("set") else each
            return each.get("value")
        return None

    @cached_property
    def entrypoints(self) -> list[Node]:
        """The functions that a request may begin with: handlers, and what the modules give away to
        be called (a router's routes, a listener)."""
        found: dict[Node, None] = {}
        main = self.modules.get(self.main)
        for name, exported in (main.exports if main else {}).items():
            known = self._export(self.main, *exported) if isinstance(exported, tuple) else exported
            value = known.value if isinstance(known, Variable) else known
            # A function that is exported by name is nobody's handler.
            if value is not None and (name == "default" or value.type not in FUNCTIONS):
                found.update(dict.fromkeys(self._functions_in(value)))
        for module in self.modules.values():
            for node in within(module.source.root):
                if node.type == "arguments":
                    found.update(dict.fromkeys(self._functions_in(node)))
        return list(found)

    @cached_property
    def surely_called(self) -> set[Node]:
        """The functions that entrypoints call, as far as each call is known."""
        seen: set[Node] = set()
        queue = list(self.entrypoints)
        while queue:
            function = queue.pop()
            if function in seen:
                continue
            seen.add(function)
            for node in within(function):
                if node.type == "call_expression" and (called := self.called(node)) is not None:
                    queue.append(called)
                elif node.type in FUNCTIONS:
                    queue.append(node)
        return seen

    def reachable(self) -> set[Node]:
        """The functions that may run for a request: what an entrypoint mentions, and so on."""
        seen: set[Node] = set()
        queue = list(self.entrypoints)
        variables: set[Variable] = set()
        while queue:
            function = queue.pop()
            if function in seen:
                continue
            seen.add(function)
            queue += self._mentioned(function, variables)
        return seen

    def _functions_in(self, value: Node) -> Iterator[Node]:
        """The functions that a value has, itself or in its properties; the outermost."""
        seen: set[Node] = set()
        stack = [value]
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            if node.type in FUNCTIONS:
                yield node
            elif node.type in ("identifier", "shorthand_property_identifier"):
                known = self.value(node)
                if known is not None and known.type in _HAVING_FUNCTIONS:
                    stack.append(known)
            else:
                stack.extend(node.children)

    def _mentioned(self, node: Node, variables: set[Variable]) -> list[Node]:
        """The functions that this code makes or names, `variables` are those that were seen."""
        found: list[Node] = []
        queue = [node]
        while queue:
            root = queue.pop()
            for each in (root, *within(root)):
                if each.type in FUNCTIONS:
                    if each is not node:
                        found.append(each)
                elif each.type in ("identifier", "shorthand_property_identifier"):
                    variable = self.variable(each)
                    if variable is None or variable in variables or variable.value is None:
                        continue
                    variables.add(variable)
                    queue.append(variable.value)
        return found

    def _export(self, importer: str, specifier: str, name: str) -> Variable | Node | None:
        """What `name` is in the module that an importer means. None for what is not there."""
        queue = [(importer, specifier, name)]
        for _ in range(_MOST_STEPS):
            if not queue:
                return None
            importer, specifier, name = queue.pop()
            target = _joined(importer, specifier)
            module = self.modules.get(target)
            if module is None:
                continue
            if name == "*":
                return module.source.root
            found = module.exports.get(name)
            if isinstance(found, tuple):
                queue.append((target, *found))
            elif found is not None:
                if isinstance(found, Variable) and found.imported is not None:
                    queue.append((found.node.source.specifier, *found.imported))
                else:
                    return found
            else:
                queue += [(target, passed, name) for passed in module.passed_on]
        return None

    def _value_of_name(self, node: Node) -> Node | None:
        module = self.modules.get(node.source.specifier)
        variable = None if module is None else module.scopes.variables.get(node)
        if variable is None:
            return None
        if variable.imported is not None:
            found = self._export(variable.node.source.specifier, *variable.imported)
            if not isinstance(found, Variable):
                return found
            variable = found
        return variable.value if variable.is_constant and not variable.destructured else None

    def _value_of_member(self, node: Node) -> Node | None:
        found = member(node)
        if found is None:
            return None
        base, name = found
        if base.type == "this":
            owner = _owner_of(node)
            return None if owner is None else self.property(owner, name)
        value = self.value(base)
        if value is None:
            return None
        if value.type == "program":
            exported = self._export(value.source.specifier, ".", name)
            return exported.value if isinstance(exported, Variable) else exported
        if value.type == "new_expression":
            made = self.value(value.get("constructor"))
            return None if made is None else self.property(made, name)
        return self.property(value, name)

    def _find_called(self, call: Node) -> Node | None:
        found = self.value(call.get("function"))
        return found if found is not None and found.type in FUNCTIONS else None


def _joined(importer: str, specifier: str) -> str:
    if specifier == ".":
        return importer
    scheme, _, path = importer.partition(":")
    return f"{scheme}:{posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))}"


def _owner_of(node: Node) -> Node | None:
    """The class or object literal whose method the code is, as far as `this` means it."""
    for above in node.above():
        if above.type in FUNCTIONS and above.type not in ("arrow_function", "method_definition"):
            return None
        if above.type == "method_definition":
            parent = above.parent
            if parent is None or above.has("static"):
                return None
            return parent if parent.type == "object" else parent.parent
    return None
