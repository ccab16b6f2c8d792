"""The hash functions of node:crypto, HMAC with them, and scrypt."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import constant_time, hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from edgewright.isolate.natives.errors import NativeError
from edgewright.isolate.natives.registry import SMALL_STATE

HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha512-224": hashes.SHA512_224(),
    "sha512-256": hashes.SHA512_256(),
    "sha3-224": hashes.SHA3_224(),
    "sha3-256": hashes.SHA3_256(),
    "sha3-384": hashes.SHA3_384(),
    "sha3-512": hashes.SHA3_512(),
    "blake2b512": hashes.BLAKE2b(64),
    "blake2s256": hashes.BLAKE2s(32),
}
"""By OpenSSL's names, in lower case."""

_MOST_ITERATIONS: Final = 100_000
_MOST_WORK: Final = 2_000_000
"""As in crypto_derive.py."""
_MOST_SCRYPT: Final = 64 << 20
"""Bytes of memory, and so about a third of a second."""


def node_hash(name: str) -> hashes.HashAlgorithm:
    """Also for the names of signatures: "RSA-SHA256"."""
    plain = name.lower().removeprefix("rsa-").replace("_", "-")
    if plain.startswith("sha-"):
        plain = f"sha{plain[4:]}"
    plain = plain.replace("sha512/", "sha512-")
    if plain not in HASHES:
        raise NativeError("TypeError", "Invalid digest: " + name)
    return HASHES[plain]


def digest(data: bytes, *, hash: str) -> bytes:
    computation = hashes.Hash(node_hash(hash))
    computation.update(data)
    return computation.finalize()


def sign(key: bytes, data: bytes, *, hash: str) -> bytes:
    computation = hmac.HMAC(key, node_hash(hash))
    computation.update(data)
    return computation.finalize()


class Digest:
    """In pieces."""

    memory = SMALL_STATE

    def __init__(self, *, hash: str) -> None:
        self._hash = hashes.Hash(node_hash(hash))

    def step(self, data: bytes, end: bool) -> bytes:
        self._hash.update(data)
        return self._hash.finalize() if end else b""


class Hmac:
    """In pieces, the first of which is the key."""

    memory = SMALL_STATE

    def __init__(self, *, hash: str) -> None:
        self._hash = node_hash(hash)
        self._hmac: hmac.HMAC | None = None

    def step(self, data: bytes, end: bool) -> bytes:
        if self._hmac is None:
            self._hmac = hmac.HMAC(data, self._hash)
            return b""
        self._hmac.update(data)
        return self._hmac.finalize() if end else b""


def hash_size(*, hash: str) -> int:
    return node_hash(hash).digest_size


def pbkdf2(password: bytes, salt: bytes, *, hash: str, iterations: int, length: int) -> bytes:
    algorithm = node_hash(hash)
    if iterations > _MOST_ITERATIONS:
        raise NativeError(
            "RangeError",
            "Pbkdf2 failed: iteration counts above 100000 are not supported (requested "
            f"{iterations}).",
        )
    if iterations * -(-length // algorithm.digest_size) > _MOST_WORK:
        raise NativeError("RangeError", "Pbkdf2 failed: that many bytes take too long.")
    return PBKDF2HMAC(algorithm, length, salt, iterations).derive(password) if length else b""


def hkdf(key: bytes, salt: bytes, info: bytes, *, hash: str, length: int) -> bytes:
    algorithm = node_hash(hash)
    if length > 255 * algorithm.digest_size:
        raise NativeError("RangeError", "Invalid key length")
    return HKDF(algorithm, length, salt, info).derive(key) if length else b""


def scrypt(
    password: bytes, salt: bytes, *, length: int, n: int, r: int, p: int, maxmem: int
) -> bytes:
    if n < 2 or n & (n - 1) or r < 1 or p < 1 or length < 0:
        raise NativeError("RangeError", "Invalid scrypt params")
    memory = 128 * n * r
    if memory > maxmem or memory * p > _MOST_SCRYPT or length > _MOST_SCRYPT:
        raise NativeError("RangeError", "Invalid scrypt params: memory limit exceeded")
    return Scrypt(salt, length, n, r, p).derive(password) if length else b""


def equal(a: bytes, b: bytes) -> bool:
    """Of the same length, in constant time."""
    return constant_time.bytes_eq(a, b)


FUNCTIONS = {
    "node-hash": digest,
    "node-hash-size": hash_size,
    "node-hmac": sign,
    "node-pbkdf2": pbkdf2,
    "node-hkdf": hkdf,
    "node-scrypt": scrypt,
    "node-equal": equal,
}
STATES = {"node-hash": Digest, "node-hmac": Hmac}
