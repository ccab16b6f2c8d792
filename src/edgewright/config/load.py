"""From the PATH of a command line to a WorkerConfig."""

from __future__ import annotations

import datetime
import difflib
import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec

from edgewright.config import wrangler_keys
from edgewright.config.bindings import read_bindings, read_rate_rules, read_required_secrets
from edgewright.config.compatibility import flag_warnings
from edgewright.config.documents import check_json, read_document
from edgewright.config.environments import ENVIRONMENT, of_environment
from edgewright.config.limits import LimitError, Limits
from edgewright.config.module_rules import KIND_OF_TYPE, ModuleRule
from edgewright.config.routes import read_routes
from edgewright.config.services import read_services
from edgewright.config.tail_consumers import read_tail_consumers
from edgewright.config.worker_config import ConfigError, WorkerConfig
from edgewright.excerpt import display_path

_FILE_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""In the order in which Wrangler looks for them."""

_TYPESCRIPT = frozenset({".ts", ".tsx", ".mts", ".cts", ".jsx"})


def load_config(path: Path, environment: str | None = None) -> WorkerConfig:
    """The configuration of the Worker at `path`, in one of its environments.

    That is a JavaScript module, a wrangler.toml, wrangler.json or wrangler.jsonc, or the folder of
    such a file. The environment is what the variable CLOUDFLARE_ENV says, if it is not given; an
    empty one is the top level. Raises ConfigError.
    """
    path = path.resolve()
    if environment is None:
        environment = os.environ.get(ENVIRONMENT)
    environment = environment or None
    if path.is_dir():
        return _from_folder(path, environment)
    if not path.exists():
        raise ConfigError(f"{display_path(path)}: no such file or folder")
    if path.suffix in (".toml", ".json", ".jsonc"):
        return _from_file(path, environment)
    _check_main(path, display_path(path))
    return WorkerConfig(
        name=_name_from(path.stem), main=path, root=path.parent, environment=environment
    )


def _from_folder(folder: Path, environment: str | None) -> WorkerConfig:
    found = [folder / name for name in _FILE_NAMES if (folder / name).is_file()]
    if not found:
        raise ConfigError(
            f"{display_path(folder)}: no wrangler.toml, wrangler.json or wrangler.jsonc in this "
            "folder; add one, or give the path of a JavaScript module"
        )
    config = _from_file(found[0], environment)
    shadowed = [f"{display_path(found[0])} is used, {path.name} is not." for path in found[1:]]
    return msgspec.structs.replace(config, warnings=[*shadowed, *config.warnings])


def _from_file(path: Path, environment: str | None) -> WorkerConfig:
    where = display_path(path)
    document = read_document(path)
    name = _name(document, where, default=path.parent.name)
    document, warnings = of_environment(document, environment, where, name=name)
    if environment is not None:
        where = f"{where}, env.{environment}"
    main = path.parent / _required_main(document, where)
    _check_main(main, f"{where}: main: {display_path(main.resolve())}")
    flags = _flags(document, where)
    limits = _limits(document, where)
    return WorkerConfig(
        name=_name(document, where, default=path.parent.name),
        main=main.resolve(),
        root=path.parent.resolve(),
        vars=_vars(document, where, limits),
        services=read_services(document, where),
        logpush=_logpush(document, where),
        tail_consumers=read_tail_consumers(document, where),
        routes=read_routes(document, where),
        bindings=read_bindings(document, where),
        required_secrets=read_required_secrets(document, where),
        rate_rules=read_rate_rules(document, where),
        limits=limits,
        compatibility_date=_compatibility_date(document, where),
        compatibility_flags=flags,
        rules=_rules(document, where),
        source=path,
        environment=environment,
        warnings=[
            *warnings,
            *_key_warnings(document, where),
            *(f"{where}: {warning}" for warning in flag_warnings(flags)),
        ],
    )


def _required_main(document: dict[str, Any], where: str) -> str:
    main = document.get("main")
    if main is None:
        typo = difflib.get_close_matches("main", document, n=1)
        example = 'main = "index.js"' if where.endswith(".toml") else '"main": "index.js"'
        hint = f'did you mean main by "{typo[0]}"?' if typo else f"as in {example}"
        raise ConfigError(f"{where}: main is missing, the path of the entry module; {hint}")
    if not isinstance(main, str) or not main:
        raise ConfigError(f"{where}: main must be a path, not {_kind(main)}")
    return main


def _check_main(path: Path, where: str) -> None:
    if path.suffix in _TYPESCRIPT:
        raise ConfigError(
            f"{where}: TypeScript and JSX are not supported yet; bundle first, for example with "
            "`npx wrangler deploy --dry-run --outdir dist` or esbuild, and serve the JavaScript "
            "that comes out"
        )
    if path.suffix == ".py":
        raise ConfigError(f"{where}: Python Workers are not supported yet")
    if path.suffix not in (".js", ".mjs"):
        raise ConfigError(f"{where}: a JavaScript module (.js or .mjs) is needed")
    if not path.is_file():
        raise ConfigError(f"{where}: no such file")


def _name(document: dict[str, Any], where: str, default: str) -> str:
    name = document.get("name")
    if name is None:
        return _name_from(default)
    if not isinstance(name, str):
        raise ConfigError(f"{where}: name must be a string, not {_kind(name)}")
    if not re.fullmatch(r"[a-z0-9_][a-z0-9_-]*", name):
        raise ConfigError(
            f'{where}: name "{name}" must consist of lower case letters, digits, _ and -'
        )
    return name


def _name_from(stem: str) -> str:
    """A valid name that is like the file's."""
    return re.sub(r"[^a-z0-9_]+", "-", stem.lower()).strip("-") or "worker"


def _limits(document: dict[str, Any], where: str) -> Limits:
    table: Any = document.get("limits", {})
    if not isinstance(table, dict):
        kind = "a table" if where.endswith(".toml") else "an object"
        raise ConfigError(f"{where}: limits must be {kind}, not {_kind(table)}")
    try:
        return Limits.of(table)  # pyright: ignore[reportUnknownArgumentType]
    except LimitError as error:
        raise ConfigError(f"{where}: limits: {error}") from None


def _vars(document: dict[str, Any], where: str, limits: Limits) -> dict[str, Any]:
    table: Any = document.get("vars", {})
    if not isinstance(table, dict):
        kind = "a table" if where.endswith(".toml") else "an object"
        raise ConfigError(f"{where}: vars must be {kind}, not {_kind(table)}")
    check_json(table, f"{where}: vars")
    count = len(table)  # pyright: ignore[reportUnknownArgumentType]
    if count > limits.variables:
        raise ConfigError(
            f"{where}: vars: there may be {limits.variables} variables (limits.variables), "
            f"not {count}"
        )
    for name, value in table.items():  # pyright: ignore[reportUnknownVariableType]
        text = value if isinstance(value, str) else json.dumps(value)
        if len(text.encode(errors="replace")) > limits.variable_kb << 10:
            raise ConfigError(
                f"{where}: vars.{name}: larger than {limits.variable_kb} KB (limits.variable_kb)"
            )
    return table  # pyright: ignore[reportUnknownVariableType]


def _logpush(document: dict[str, Any], where: str) -> bool:
    value: Any = document.get("logpush", False)
    if not isinstance(value, bool):
        raise ConfigError(f"{where}: logpush must be true or false, not {_shown(value)}")
    return value


def _compatibility_date(document: dict[str, Any], where: str) -> str | None:
    date: Any = document.get("compatibility_date")
    if date is None:
        return None
    if isinstance(date, str):
        try:
            return datetime.datetime.strptime(date, "%Y-%m-%d").date().isoformat()
        except ValueError:
            pass
    elif type(date) is datetime.date:  # TOML's own date, without quotes
        return date.isoformat()
    raise ConfigError(
        f'{where}: compatibility_date must be a date such as "2026-01-31", not {_shown(date)}'
    )


def _flags(document: dict[str, Any], where: str) -> list[str]:
    flags: Any = document.get("compatibility_flags", [])
    if not isinstance(flags, list):
        raise ConfigError(
            f"{where}: compatibility_flags must be a list of strings, not {_kind(flags)}"
        )
    for flag in flags:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(flag, str):
            raise ConfigError(
                f"{where}: compatibility_flags must be a list of strings, but holds {_kind(flag)}"
            )
    return flags  # pyright: ignore[reportUnknownVariableType]


def _rules(document: dict[str, Any], where: str) -> list[ModuleRule]:
    rules: Any = document.get("rules", [])
    if not isinstance(rules, list):
        raise ConfigError(f"{where}: rules must be a list, not {_kind(rules)}")
    return [
        _rule(rule, f"{where}: rules[{index}]")
        for index, rule in enumerate(rules)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    ]


def _rule(rule: Any, where: str) -> ModuleRule:
    match rule:
        case {"type": str(type_), "globs": [*globs]} if globs:
            pass
        case _:
            raise ConfigError(
                f'{where} must have a type and globs, as in {{ "type": "Text", "globs": '
                '["**/*.md"] }'
            )
    if type_ not in KIND_OF_TYPE:
        known = ", ".join(KIND_OF_TYPE)
        raise ConfigError(f'{where}: type "{type_}" is not supported; there are {known}')
    if not all(isinstance(glob, str) for glob in globs):
        raise ConfigError(f"{where}: globs must be a list of strings")
    fallthrough: Any = rule.get("fallthrough", False)
    if not isinstance(fallthrough, bool):
        raise ConfigError(f"{where}: fallthrough must be true or false")
    return ModuleRule(KIND_OF_TYPE[type_], tuple(globs), fallthrough)


def _key_warnings(document: dict[str, Any], where: str) -> list[str]:
    warnings: list[str] = []
    for key in document:
        if key in wrangler_keys.NOT_YET:
            warnings.append(f'{where}: "{key}" is not supported yet and has no effect.')
        elif key not in wrangler_keys.KNOWN:
            close = difflib.get_close_matches(key, sorted(wrangler_keys.KNOWN), n=1, cutoff=0.75)
            hint = f'did you mean "{close[0]}"?' if close else "it has no effect."
            warnings.append(f'{where}: unknown key "{key}"; {hint}')
    return warnings


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else _kind(value)


def _kind(value: Any) -> str:
    """The type of a value in the words of TOML and JSON."""
    match value:
        case bool():
            return "a boolean"
        case str():
            return "an empty string" if not value else "a string"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case None:
            return "null"
        case _:
            return "a date"
