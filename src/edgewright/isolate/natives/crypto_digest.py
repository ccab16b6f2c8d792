"""Hash functions and HMAC: Web Cryptography §30 (SHA) and §29, and MD5 as the platform has it."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import constant_time, hashes
from cryptography.hazmat.primitives.hmac import HMAC

from edgewright.isolate.natives.errors import NativeError
from edgewright.isolate.natives.registry import SMALL_STATE

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "MD5": hashes.MD5(),
    "SHA-1": hashes.SHA1(),
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}


def hash_named(name: str) -> hashes.HashAlgorithm:
    """By the name that Web Cryptography has for it."""
    if name not in _HASHES:
        raise NativeError("NotSupportedError", f"Unrecognized hash algorithm: {name}")
    return _HASHES[name]


def digest(data: bytes, *, hash: str) -> bytes:
    computation = hashes.Hash(hash_named(hash))
    computation.update(data)
    return computation.finalize()


class Digest:
    """In pieces: crypto.DigestStream."""

    memory = SMALL_STATE

    def __init__(self, *, hash: str) -> None:
        self._hash = hashes.Hash(hash_named(hash))

    def step(self, data: bytes, end: bool) -> bytes:
        self._hash.update(data)
        return self._hash.finalize() if end else b""


def sign(key: bytes, data: bytes, *, hash: str) -> bytes:
    computation = HMAC(key, hash_named(hash))
    computation.update(data)
    return computation.finalize()


def verify(key: bytes, signature: bytes, data: bytes, *, hash: str) -> bool:
    computation = HMAC(key, hash_named(hash))
    computation.update(data)
    try:
        computation.verify(signature)
    except InvalidSignature:
        return False
    return True


def equal(a: bytes, b: bytes) -> bool:
    """crypto.subtle.timingSafeEqual."""
    return constant_time.bytes_eq(a, b)


FUNCTIONS = {"digest": digest, "hmac-sign": sign, "hmac-verify": verify, "equal": equal}
STATES = {"digest": Digest}
