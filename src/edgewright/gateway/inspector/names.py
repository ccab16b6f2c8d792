"""What scripts are called: by their specifiers inside, by their files' URLs in DevTools, which is
how an editor knows them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

_SCHEME = "worker:/"

OURS = ["^edgewright:", "^ext:", "^<", "^asset:", "^node:", "^cloudflare:"]
"""Patterns of the scripts that are not the Worker's, which a debugger is not to step into."""


def is_ours(url: str) -> bool:
    """Whether a script is none of the Worker's. What has no name was typed into the console."""
    return url != "" and not url.startswith(_SCHEME)


class Names:
    """Of the scripts of one version of a Worker."""

    def __init__(self, files: dict[str, Path]) -> None:
        self.files = files
        self._urls = {specifier: file.absolute().as_uri() for specifier, file in files.items()}
        self._specifiers = {url: specifier for specifier, url in self._urls.items()}

    def outside(self, message: object) -> None:
        """Puts files' URLs in the place of specifiers."""
        if isinstance(message, list):
            for each in cast("list[object]", message):
                self.outside(each)
        elif isinstance(message, dict):
            fields = cast("dict[str, object]", message)
            url = fields.get("url")
            if isinstance(url, str):
                fields["url"] = self._urls.get(url, url)
            for each in fields.values():
                if isinstance(each, list | dict):
                    self.outside(cast(object, each))

    def inside(self, breakpoint: dict[str, Any]) -> None:
        """The parameters of Debugger.setBreakpointByUrl, by specifiers."""
        if "url" in breakpoint:
            breakpoint["url"] = self._specifiers.get(breakpoint["url"], breakpoint["url"])
        elif "urlRegex" in breakpoint:
            try:
                pattern = re.compile(breakpoint["urlRegex"])
            except re.error:  # it is JavaScript's
                return
            meant = [each for url, each in self._specifiers.items() if pattern.search(url)]
            if meant:
                breakpoint["urlRegex"] = f"^(?:{'|'.join(map(re.escape, meant))})$"
