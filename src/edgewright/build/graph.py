"""Walks from a Worker's entry module to all the modules that it imports."""

from __future__ import annotations

import difflib
import gzip
import os
from collections.abc import Iterator
from pathlib import Path

from edgewright.build.bundle import WorkerBundle
from edgewright.build.imports import Import, find_imports, has_module_syntax
from edgewright.config import WorkerConfig
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
    sources: dict[Path, str] = {}
    queue = [config.main]
    imports_anything = False
    while queue:
        path = queue.pop()
        if path in sources:
            continue
        source = sources[path] = _read(path)
        for found in find_imports(source):
            if found.specifier is None:
                imports_anything = True
            elif (target := _resolve(path, source, found)) is not None:
                queue.append(target)
    if imports_anything:
        sources.update(_modules_below(config.root, known=sources))

    _check_size(sources, config)
    root = Path(os.path.commonpath([path.parent for path in sources]))
    specifiers = {path: f"worker:/{path.relative_to(root).as_posix()}" for path in sources}
    return WorkerBundle(
        name=config.name,
        main=specifiers[config.main],
        modules={specifiers[path]: source for path, source in sources.items()},
        vars=config.vars,
        limits=config.limits,
        files={specifier: path for path, specifier in specifiers.items()},
        classic=not has_module_syntax(sources[config.main]),
    )


def _check_size(sources: dict[Path, str], config: WorkerConfig) -> None:
    """Raises BuildError."""
    most = config.limits.script_mb << 20
    if sum(map(len, sources.values())) <= most:
        return  # Text does not get larger by compression, or hardly.
    size = len(gzip.compress("".join(sources.values()).encode(), 6))
    if size > most:
        raise BuildError(
            f"{display_path(config.main)}: the Worker's modules are {size / 2**20:.1f} MB in all, "
            f"compressed; {config.limits.script_mb} MB are allowed (limits.script_mb)"
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BuildError(f"{display_path(path)}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise BuildError(f"{display_path(path)}: {error.strerror}") from None


def _modules_below(root: Path, known: dict[Path, str]) -> Iterator[tuple[Path, str]]:
    """The modules that an `import()` may mean. They may never be imported, so that they need not
    be complete: what is wrong with one is told by the import that fails."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name != "node_modules" and not name.startswith(".")
        )
        for path in (Path(folder, name) for name in sorted(files)):
            if path.suffix in _MODULES and path not in known:
                try:
                    yield path, _read(path)
                except BuildError:
                    continue


def _resolve(importer: Path, source: str, found: Import) -> Path | None:
    """The file that is meant; None when there is none and the code is prepared for that."""
    specifier = found.specifier or ""
    path = Path(os.path.normpath(importer.parent / specifier))
    problem = _problem(specifier, path)
    if problem is None:
        return path
    if found.guarded:
        return None
    place = f"{display_path(importer)}:{found.line}:{found.column}"
    excerpt = source_excerpt(source, found.line, found.column)
    raise BuildError(f"{place}: {problem}\n{excerpt}")


def _problem(specifier: str, path: Path) -> str | None:
    """Why the specifier can't be imported, in one sentence; None when it can."""
    if specifier.startswith(("cloudflare:", "node:")):
        return f'the module "{specifier}" is not supported yet'
    if not specifier.startswith(("./", "../")):
        return _problem_of_bare(specifier)
    if path.suffix in _TYPESCRIPT:
        return (
            f'"{specifier}" is TypeScript or JSX, which is not supported yet; bundle first, '
            "for example with esbuild"
        )
    if path.suffix in _MODULES:
        return None if path.is_file() else f'no such file: "{specifier}"{_hint(specifier, path)}'
    if path.suffix == ".cjs":
        return f'"{specifier}" is a CommonJS module; only ES modules can be imported'
    if path.is_file():
        kind = f"a {path.suffix} file" if path.suffix else "a file without .js or .mjs"
        return f'importing {kind} is not supported yet: "{specifier}"'
    return f'no such module: "{specifier}"{_hint(specifier, path)}'


def _problem_of_bare(specifier: str) -> str:
    if specifier.startswith("/") or ":" in specifier:
        return f'"{specifier}" must be relative, beginning with ./ or ../'
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
