"""All natives by their names."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

Json = Any
"""What JSON can say."""

Native = Callable[..., "bytes | Json"]


SMALL_STATE = 16 << 10
"""What a state is counted as that holds next to nothing: there may be some thousands."""


class State(Protocol):
    """A computation that gets its data in pieces."""

    @property
    def memory(self) -> int:
        """How many bytes it may come to hold."""
        ...

    def step(self, data: bytes, end: bool) -> bytes:
        """Takes the next piece and gives what is ready; `end` says that it was the last one."""
        ...


class Registry:
    """Built of the subjects' tables."""

    def __init__(self) -> None:
        # The libraries behind them are heavy: whoever only asks for V8 doesn't need them.
        from edgewright.isolate.natives import (
            compression,
            crypto_aes,
            crypto_derive,
            crypto_digest,
            crypto_keys,
            crypto_public,
            node_cipher,
            node_hash,
            node_keys,
            node_zlib,
        )

        self.functions: dict[str, Native] = {
            **crypto_aes.FUNCTIONS,
            **crypto_derive.FUNCTIONS,
            **crypto_digest.FUNCTIONS,
            **crypto_keys.FUNCTIONS,
            **crypto_public.FUNCTIONS,
            **node_hash.FUNCTIONS,
            **node_keys.FUNCTIONS,
            **node_zlib.FUNCTIONS,
        }
        crypto_public.warm_up()
        self.states: dict[str, Callable[..., State]] = {
            **compression.STATES,
            **crypto_digest.STATES,
            **node_cipher.STATES,
            **node_hash.STATES,
            **node_zlib.STATES,
        }


@cache
def registry() -> Registry:
    """Loads all subjects the first time: the host does so before it lets anybody in."""
    return Registry()
