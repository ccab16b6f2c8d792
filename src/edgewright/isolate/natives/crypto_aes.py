"""AES: Web Cryptography §25 (CTR), §26 (CBC), §27 (GCM) and §28 (KW)."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from edgewright.isolate.natives.errors import NativeError

_BLOCK = 16
_FAILED = "The operation failed for an operation-specific reason"


def encrypt_cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    padder = PKCS7(_BLOCK * 8).padder()
    padded = padder.update(data) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padded) + encryptor.finalize()


def decrypt_cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    if not data or len(data) % _BLOCK:
        raise NativeError("OperationError", "The data is not a number of whole blocks.")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK * 8).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise NativeError("OperationError", _FAILED) from None


def ctr(key: bytes, counter: bytes, data: bytes, *, length: int) -> bytes:
    """The rightmost `length` bits of the counter count and begin anew after the last number; the
    library counts with all bits, so what comes after that is a second computation."""
    modulus = 1 << length
    blocks = -(-len(data) // _BLOCK)
    if blocks > modulus:
        raise NativeError("OperationError", "The data is longer than the counter can count.")
    first = int.from_bytes(counter)
    until_zero = (modulus - first % modulus) * _BLOCK
    zero = (first - first % modulus).to_bytes(_BLOCK)
    head = _ctr(key, counter, data[:until_zero])
    return head if len(data) <= until_zero else head + _ctr(key, zero, data[until_zero:])


def _ctr(key: bytes, counter: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def encrypt_gcm(key: bytes, iv: bytes, additional: bytes, data: bytes, *, tag_length: int) -> bytes:
    encryptor = Cipher(algorithms.AES(key), _gcm(iv)).encryptor()
    encryptor.authenticate_additional_data(additional)
    encrypted = encryptor.update(data) + encryptor.finalize()
    return encrypted + encryptor.tag[: tag_length // 8]


def decrypt_gcm(key: bytes, iv: bytes, additional: bytes, data: bytes, *, tag_length: int) -> bytes:
    size = tag_length // 8
    if len(data) < size:
        raise NativeError("OperationError", "The data is shorter than its authentication tag.")
    decryptor = Cipher(algorithms.AES(key), _gcm(iv, data[-size:])).decryptor()
    decryptor.authenticate_additional_data(additional)
    try:
        return decryptor.update(data[:-size]) + decryptor.finalize()
    except InvalidTag:
        raise NativeError("OperationError", _FAILED) from None


def _gcm(iv: bytes, tag: bytes | None = None) -> modes.GCM:
    try:
        return modes.GCM(iv, tag, min_tag_length=4)
    except ValueError:
        raise NativeError("OperationError", "AES-GCM takes an iv of 8 to 128 bytes.") from None


def wrap(key: bytes, data: bytes) -> bytes:
    try:
        return keywrap.aes_key_wrap(key, data)
    except ValueError as error:
        raise NativeError("OperationError", f"{error}.") from None


def unwrap(key: bytes, data: bytes) -> bytes:
    try:
        return keywrap.aes_key_unwrap(key, data)
    except (ValueError, keywrap.InvalidUnwrap):
        raise NativeError("OperationError", _FAILED) from None


FUNCTIONS = {
    "aes-cbc-encrypt": encrypt_cbc,
    "aes-cbc-decrypt": decrypt_cbc,
    "aes-ctr": ctr,
    "aes-gcm-encrypt": encrypt_gcm,
    "aes-gcm-decrypt": decrypt_gcm,
    "aes-kw-wrap": wrap,
    "aes-kw-unwrap": unwrap,
}
