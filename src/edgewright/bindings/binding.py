"""What the gateway asks of a binding: to perform the operations that its Worker wants.

Each kind of binding is a folder of this room, with the same shape: its stores behind an interface,
and a Binding that checks what it is asked and knows the platform's rules. What a Worker sees of it
is a lazy script of the runtime layer that is named after `kind`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec

_T = TypeVar("_T")


class StateError(Exception):
    """A store can't be used; the message tells the person why."""


class BadOperation(Exception):
    """No honest isolate asks for this: the runtime layer in it would not let its Worker do so."""


class OperationError(Exception):
    """An operation failed. `name` is the class of the error that the Worker gets."""

    def __init__(self, message: str, name: str = "Error") -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass(slots=True)
class Operation:
    """What a Worker asks of a binding."""

    method: str
    arguments: Any
    """As they came: not checked yet."""
    body: bytes | None = None


@dataclass(slots=True)
class Result:
    """What an operation gave."""

    value: Any
    """What JSON can say."""
    body: bytes | None = None


Settle = Callable[[Result | OperationError], None]
"""Is told how an operation went, once; perhaps before the call that starts it returns."""


class Cancellable(Protocol):
    def cancel(self) -> object: ...


class Binding(Protocol):
    """One binding of one Worker."""

    @property
    def kind(self) -> str:
        """The lazy script of the runtime layer that makes the object in `env`."""
        ...

    def too_large(self, size: int) -> OperationError | None:
        """Why an operation can't come with so many bytes; None where it can."""
        ...

    def repeatable(self, method: str) -> bool:
        """Whether doing it again does no harm, where it is not known whether it was done."""
        ...

    def start(self, operation: Operation, settle: Settle) -> Cancellable | None:
        """Begins an operation; None when it has been done already. Raises BadOperation."""
        ...


def arguments(given: Any, of: type[_T]) -> _T:
    """The arguments of an operation by their types. Raises BadOperation."""
    try:
        return msgspec.convert(given, of)
    except (msgspec.ValidationError, RecursionError) as error:
        raise BadOperation(str(error)) from error
