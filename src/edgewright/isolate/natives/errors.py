"""How a native says no."""

from __future__ import annotations


class NativeError(Exception):
    """`name` is a DOMException's ("OperationError") or a class of JavaScript's ("TypeError")."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
