"""Hash functions: Web Cryptography §30 (SHA), and MD5 as the platform has it."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes

from edgewright.isolate.natives.errors import NativeError

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

    def __init__(self, *, hash: str) -> None:
        self._hash = hashes.Hash(hash_named(hash))

    def step(self, data: bytes, end: bool) -> bytes:
        self._hash.update(data)
        return self._hash.finalize() if end else b""


FUNCTIONS = {"digest": digest}
STATES = {"digest": Digest}
