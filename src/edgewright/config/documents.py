"""Reads TOML, JSON and JSONC into plain data, with errors that point at the place."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from pathlib import Path
from typing import Any

from edgewright.config.worker_config import ConfigError
from edgewright.excerpt import display_path, source_excerpt


def read_document(path: Path) -> dict[str, Any]:
    """The table or object in the file; raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{display_path(path)}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise ConfigError(f"{display_path(path)}: {error.strerror}") from None
    document = _parse_toml(path, text) if path.suffix == ".toml" else _parse_jsonc(path, text)
    if not isinstance(document, dict):
        raise ConfigError(f"{display_path(path)}: must hold an object, {{ … }}")
    return document  # pyright: ignore[reportUnknownVariableType]


def check_json(value: Any, where: str) -> None:
    """TOML has dates and times, and so has no JSON for each of its values. Raises ConfigError."""
    if isinstance(value, datetime.date | datetime.time):
        raise ConfigError(f"{where}: a date or time must be in quotes")
    if isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            check_json(item, f"{where}.{key}")
    if isinstance(value, list):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            check_json(item, f"{where}[{index}]")


def _parse_toml(path: Path, text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, line, column = _toml_position(str(error), text)
        raise _syntax_error(path, text, message, line, column) from None


def _toml_position(message: str, text: str) -> tuple[str, int, int]:
    """tomllib tells the position only inside its message (attributes come with Python 3.14)."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    if found:
        return found[1], int(found[2]), int(found[3])
    lines = text.rstrip("\n").split("\n")
    return message.removesuffix(" (at end of document)"), len(lines), len(lines[-1]) + 1


def _parse_jsonc(path: Path, text: str) -> Any:
    def not_json(name: str) -> Any:
        """NaN and Infinity, which Python's parser would take."""
        raise ConfigError(f"{display_path(path)}: {name} is not JSON")

    try:
        return json.loads(_blank_jsonc_extras(text), parse_constant=not_json)
    except json.JSONDecodeError as error:
        raise _syntax_error(path, text, error.msg, error.lineno, error.colno) from None


_STRING = r'"(?:\\.|[^"\\\n])*"'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)


def _blank_jsonc_extras(text: str) -> str:
    """Comments and trailing commas become spaces, so that positions stay what they were.

    That is why no JSONC package is used: those that are kept up either cut comments out, and then
    name the wrong line, or read all of JSON5, which Wrangler does not.
    """

    def blank(found: re.Match[str]) -> str:
        matched = found[0]
        return matched if matched.startswith('"') else re.sub(r"[^\n]", " ", matched)

    return _TRAILING_COMMA.sub(blank, _COMMENT.sub(blank, text))


def _syntax_error(path: Path, text: str, message: str, line: int, column: int) -> ConfigError:
    place = f"{display_path(path)}:{line}:{column}"
    return ConfigError(f"{place}: {message}\n{source_excerpt(text, line, column)}")
