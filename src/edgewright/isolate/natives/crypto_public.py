"""What public and private keys do: Web Cryptography §20 (RSASSA-PKCS1-v1_5), §21 (RSA-PSS),
§22 (RSA-OAEP), §23 (ECDSA), §24 (ECDH), Ed25519 and X25519. Keys are as `crypto_keys.py` writes
them."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from edgewright.isolate.natives.crypto_digest import hash_named
from edgewright.isolate.natives.crypto_keys import CURVES, load_private, load_public
from edgewright.isolate.natives.errors import NativeError

_FAILED = "The operation failed for an operation-specific reason"


# --- RSA ------------------------------------------------------------------------------------------


def rsa_sign(private: bytes, data: bytes, *, hash: str, salt: int | None) -> bytes:
    """`salt` is the length of RSA-PSS's salt; None for RSASSA-PKCS1-v1_5."""
    key = load_private(private)
    assert isinstance(key, rsa.RSAPrivateKey)
    try:
        return key.sign(data, _signature_padding(hash, salt), hash_named(hash))
    except ValueError as error:  # the key is too short for the hash and its salt
        raise NativeError("OperationError", f"{error}") from None


def rsa_verify(
    public: bytes, signature: bytes, data: bytes, *, hash: str, salt: int | None
) -> bool:
    key = load_public(public)
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        key.verify(signature, data, _signature_padding(hash, salt), hash_named(hash))
    except (InvalidSignature, ValueError):
        return False
    return True


def rsa_encrypt(public: bytes, label: bytes, data: bytes, *, hash: str) -> bytes:
    key = load_public(public)
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        return key.encrypt(data, _oaep(hash, label))
    except ValueError as error:
        raise NativeError("OperationError", f"{error}") from None


def rsa_decrypt(private: bytes, label: bytes, data: bytes, *, hash: str) -> bytes:
    key = load_private(private)
    assert isinstance(key, rsa.RSAPrivateKey)
    try:
        return key.decrypt(data, _oaep(hash, label))
    except ValueError:
        raise NativeError("OperationError", _FAILED) from None


def _signature_padding(hash: str, salt: int | None) -> padding.AsymmetricPadding:
    if salt is None:
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(hash_named(hash)), salt)


def _oaep(hash: str, label: bytes) -> padding.OAEP:
    algorithm = hash_named(hash)
    return padding.OAEP(padding.MGF1(algorithm), algorithm, label)


# --- Curves ---------------------------------------------------------------------------------------


def ecdsa_sign(private: bytes, data: bytes, *, hash: str) -> bytes:
    """r and s one after the other, each as long as the curve's numbers (IEEE P1363)."""
    key = load_private(private)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hash_named(hash))))
    size = -(-key.key_size // 8)
    return r.to_bytes(size) + s.to_bytes(size)


def ecdsa_verify(public: bytes, signature: bytes, data: bytes, *, hash: str) -> bool:
    key = load_public(public)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    size = -(-key.key_size // 8)
    if len(signature) != 2 * size:
        return False
    r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
    try:
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hash_named(hash)))
    except InvalidSignature:
        return False
    return True


def ecdh(private: bytes, public: bytes) -> bytes:
    ours, theirs = load_private(private), load_public(public)
    try:
        if isinstance(ours, x25519.X25519PrivateKey):
            assert isinstance(theirs, x25519.X25519PublicKey)
            return ours.exchange(theirs)
        assert isinstance(ours, ec.EllipticCurvePrivateKey)
        assert isinstance(theirs, ec.EllipticCurvePublicKey)
        return ours.exchange(ec.ECDH(), theirs)
    except ValueError:  # X25519 with a point of small order
        raise NativeError("OperationError", _FAILED) from None


def ed25519_sign(private: bytes, data: bytes) -> bytes:
    key = load_private(private)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return key.sign(data)


def ed25519_verify(public: bytes, signature: bytes, data: bytes) -> bool:
    key = load_public(public)
    assert isinstance(key, ed25519.Ed25519PublicKey)
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


FUNCTIONS = {
    "rsa-sign": rsa_sign,
    "rsa-verify": rsa_verify,
    "rsa-encrypt": rsa_encrypt,
    "rsa-decrypt": rsa_decrypt,
    "ecdsa-sign": ecdsa_sign,
    "ecdsa-verify": ecdsa_verify,
    "ecdh": ecdh,
    "ed25519-sign": ed25519_sign,
    "ed25519-verify": ed25519_verify,
}


def warm_up() -> None:
    """Makes the library load all that it loads on first use: later there may be no files."""
    key = ec.generate_private_key(CURVES["P-256"])
    key.public_key().verify(
        key.sign(b"", ec.ECDSA(hash_named("SHA-256"))), b"", ec.ECDSA(hash_named("SHA-256"))
    )
