"""Keys from secrets: Web Cryptography §32 (HKDF) and §33 (PBKDF2)."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from edgewright.isolate.natives.crypto_digest import hash_named
from edgewright.isolate.natives.errors import NativeError

MOST_ITERATIONS: Final = 100_000
"""The platform's limit."""
_MOST_WORK: Final = 2_000_000
"""Iterations times blocks: about a second, which nothing can interrupt."""


def pbkdf2(password: bytes, salt: bytes, *, hash: str, iterations: int, length: int) -> bytes:
    if iterations > MOST_ITERATIONS:
        raise NativeError(
            "NotSupportedError",
            "Pbkdf2 failed: iteration counts above 100000 are not supported (requested "
            f"{iterations}).",
        )
    algorithm = hash_named(hash)
    if iterations * -(-length // algorithm.digest_size) > _MOST_WORK:
        raise NativeError("OperationError", "Pbkdf2 failed: that many bits take too long.")
    if length == 0:
        return b""
    return PBKDF2HMAC(algorithm, length, salt, iterations).derive(password)


def hkdf(key: bytes, salt: bytes, info: bytes, *, hash: str, length: int) -> bytes:
    algorithm = hash_named(hash)
    if length > 255 * algorithm.digest_size:
        raise NativeError("OperationError", "HKDF gives no more than 255 times the hash's size.")
    if length == 0:
        return b""
    return HKDF(algorithm, length, salt, info).derive(key)


FUNCTIONS = {"pbkdf2": pbkdf2, "hkdf": hkdf}
