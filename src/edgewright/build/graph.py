"""Walks from a Worker's entry module to all the modules that it imports."""

from __future__ import annotations

import contextlib
import difflib
import gzip
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from edgewright.build.bundle import Asset, WorkerBundle
from edgewright.build.imports import (
    Import,
    find_imports,
    find_requires,
    has_module_syntax,
    without_attributes,
)
from edgewright.built_in import built_in
from edgewright.config import WorkerConfig
from edgewright.config.compatibility import active_flags
from edgewright.config.module_rules import ModuleKind, effective_rules, kind_of
from edgewright.excerpt import display_path, source_excerpt

_MODULES = (".js", ".mjs")
_TYPESCRIPT = (".ts", ".tsx", ".mts", ".jsx")


class BuildError(Exception):
    """The Worker's code is not complete; the message tells the developer why, and where."""


def build_bundle(config: WorkerConfig) -> WorkerBundle:
    """Reads the entry module and everything that it imports. Raises BuildError.

    An `import()` of what is only known at run time may mean any module of the Worker, so it brings
    in all of them below the configuration's root.
    """
    graph = _Graph(config)
    graph.walk()
    files = graph.files
    _check_size(files, config)
    root = Path(os.path.commonpath([path.parent for path in files]))
    specifiers = {path: f"worker:/{path.relative_to(root).as_posix()}" for path in files}
    modules: dict[str, str] = {}
    assets: dict[str, Asset] = {}
    for path, file in files.items():
        if file.kind == "esm":
            modules[specifiers[path]] = without_attributes(file.text)
        else:
            imports = graph.required_modules(path) if file.kind == "commonjs" else []
            needed = tuple(specifiers[each] for each in imports)
            assets[specifiers[path]] = Asset(file.kind, file.content, needed)
    return WorkerBundle(
        name=config.name,
        main=specifiers[config.main],
        modules=modules,
        assets=assets,
        vars=config.vars,
        services=config.services,
        tail_consumers=config.tail_consumers,
        routes=config.routes,
        bindings=config.bindings,
        rate_rules=config.rate_rules,
        limits=config.limits,
        files={specifier: path for path, specifier in specifiers.items()},
        classic=not has_module_syntax(files[config.main].text),
        flags=graph.flags,
    )


@dataclass(slots=True)
class _File:
    kind: ModuleKind
    content: bytes
    text: str
    """Of a module that is text; else empty."""
    imports: list[Path] = field(default_factory=list[Path])


class _Graph:
    """The files of a Worker, and which needs which."""

    def __init__(self, config: WorkerConfig) -> None:
        self.files: dict[Path, _File] = {}
        self.flags = active_flags(config.compatibility_date, config.compatibility_flags)
        self._config = config
        self._rules = effective_rules(config.rules)

    def walk(self) -> None:
        """Raises BuildError."""
        queue = [self._config.main]
        imports_anything = False
        while queue:
            path = queue.pop()
            if path in self.files:
                continue
            file = self.files[path] = self._read(path)
            for found in _imports_of(file):
                if found.specifier is None:
                    imports_anything = True
                elif (target := self._resolve(path, file, found)) is not None:
                    file.imports.append(target)
                    queue.append(target)
        if imports_anything:
            self._add_all_below(self._config.root)

    def required_modules(self, path: Path) -> list[Path]:
        """The ES modules that a CommonJS module reaches, and the CommonJS modules on the way."""
        reached: dict[Path, None] = {path: None}
        queue = [path]
        while queue:
            for target in self.files[queue.pop()].imports:
                if target not in reached and target in self.files:
                    reached[target] = None
                    if self.files[target].kind == "commonjs":
                        queue.append(target)
        return [each for each in reached if self.files[each].kind == "esm"]

    def _kind(self, path: Path) -> ModuleKind | None:
        if path == self._config.main:
            return "esm"
        relative = Path(os.path.relpath(path, self._config.root)).as_posix()
        return kind_of(relative.lstrip("./"), self._rules)

    def _read(self, path: Path, kind: ModuleKind | None = None) -> _File:
        kind = kind or self._kind(path) or "esm"
        try:
            content = path.read_bytes()
            if kind in ("data", "wasm"):
                return _File(kind, content, "")
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            message = f"{display_path(path)}: not UTF-8 text (byte {error.start})"
            raise BuildError(message) from None
        except OSError as error:
            raise BuildError(f"{display_path(path)}: {error.strerror}") from None
        if kind == "json":
            _check_json(path, text)
        return _File(kind, text.encode(), text)

    def _add_all_below(self, root: Path) -> None:
        """The modules that an `import()` may mean. They may never be imported, so that they need
        not be complete: what is wrong with one is told by the import that fails."""
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(
                name for name in folders if name != "node_modules" and not name.startswith(".")
            )
            for path in (Path(folder, name) for name in sorted(files)):
                kind = self._kind(path)
                if kind in (None, "json") or path in self.files:
                    continue
                with contextlib.suppress(BuildError):
                    self.files[path] = self._read(path, kind)

    def _resolve(self, importer: Path, file: _File, found: Import) -> Path | None:
        """The file that is meant. None when there is none and the code is prepared for that, and
        where the runtime has the module."""
        specifier = (found.specifier or "").removesuffix("?module")
        path = Path(os.path.normpath(importer.parent / specifier))
        if _is_built_in(specifier, self.flags):
            return None
        problem = _problem(specifier, path, self._kind(path), self.flags)
        if problem is None:
            return path
        if found.guarded:
            return None
        place = f"{display_path(importer)}:{found.line}:{found.column}"
        excerpt = source_excerpt(file.text, found.line, found.column)
        raise BuildError(f"{place}: {problem}\n{excerpt}")


def _imports_of(file: _File) -> list[Import]:
    if file.kind == "esm":
        return find_imports(file.text)
    return find_requires(file.text) if file.kind == "commonjs" else []


def _check_json(path: Path, text: str) -> None:
    """Raises BuildError."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{display_path(path)}:{error.lineno}:{error.colno}"
        excerpt = source_excerpt(text, error.lineno, error.colno)
        raise BuildError(f"{place}: {error.msg}\n{excerpt}") from None


def _check_size(files: dict[Path, _File], config: WorkerConfig) -> None:
    """Raises BuildError."""
    most = config.limits.script_mb << 20
    if sum(len(file.content) for file in files.values()) <= most:
        return  # Nothing gets larger by compression, or hardly.
    size = len(gzip.compress(b"".join(file.content for file in files.values()), 6))
    if size > most:
        raise BuildError(
            f"{display_path(config.main)}: the Worker's modules are {size / 2**20:.1f} MB in all, "
            f"compressed; {config.limits.script_mb} MB are allowed (limits.script_mb)"
        )


def _is_built_in(specifier: str, flags: list[str]) -> bool:
    """Whether the runtime has the module."""
    return built_in(specifier, flags) is not None


def _problem(specifier: str, path: Path, kind: ModuleKind | None, flags: list[str]) -> str | None:
    """Why the specifier can't be imported, in one sentence; None when it can."""
    if specifier.startswith(("cloudflare:", "node:")):
        return _problem_of_built_in(specifier, flags)
    if not specifier.startswith(("./", "../")):
        return _problem_of_bare(specifier, flags)
    if kind is not None:
        return None if path.is_file() else f'no such file: "{specifier}"{_hint(specifier, path)}'
    if path.suffix in _TYPESCRIPT:
        return (
            f'"{specifier}" is TypeScript or JSX, which is not supported yet; bundle first, '
            "for example with esbuild"
        )
    if path.is_file():
        named = f"{path.suffix} files" if path.suffix else "files without a suffix"
        return (
            f'no rule says what {named} are imported as: "{specifier}"; add one, as in '
            f'"rules": [{{ "type": "Text", "globs": ["**/*{path.suffix}"] }}]'
        )
    return f'no such module: "{specifier}"{_hint(specifier, path)}'


def _problem_of_built_in(specifier: str, flags: list[str]) -> str:
    if specifier.startswith("node:") and "nodejs_compat" not in flags:
        return (
            f'"{specifier}" is a module of Node.js; add "nodejs_compat" to compatibility_flags, or '
            "let compatibility_date be 2026-08-04 or later"
        )
    return f'there is no module "{specifier}"'


def _problem_of_bare(specifier: str, flags: list[str]) -> str:
    if specifier.startswith("/") or ":" in specifier:
        return f'"{specifier}" must be relative, beginning with ./ or ../'
    if built_in(f"node:{specifier}", ["nodejs_compat"]) and "nodejs_compat" not in flags:
        return _problem_of_built_in(f"node:{specifier}", flags)
    return (
        f'"{specifier}" is not a relative path, and npm packages are not supported yet; bundle '
        'first, for example with esbuild, or begin the path with "./"'
    )


def _hint(specifier: str, path: Path) -> str:
    """What the developer probably meant, as the end of a sentence."""
    for ending in (".js", ".mjs", "/index.js", "/index.mjs"):
        if Path(f"{path}{ending}").is_file():
            return f'; did you mean "{specifier.rstrip("/")}{ending}"?'
    for ending in _TYPESCRIPT:
        if Path(f"{path}{ending}").is_file() or path.with_suffix(ending).is_file():
            return f" (there is a {ending} file, but TypeScript and JSX are not supported yet)"
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix in _MODULES]
    except OSError:
        return ""
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.7)
    if not close:
        return ""
    return f'; did you mean "{specifier.removesuffix(path.name)}{close[0]}"?'
