"""Key objects of node:crypto: reading, writing, signing. Keys are as `crypto_keys.py` writes them:
PKCS #8 or SubjectPublicKeyInfo, in DER."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from edgewright.isolate.natives.crypto_keys import (
    from_pkcs8,
    from_spki,
    load_private,
    load_public,
)
from edgewright.isolate.natives.errors import NativeError
from edgewright.isolate.natives.node_hash import node_hash

_PUBLIC_FORMATS = {"spki": PublicFormat.SubjectPublicKeyInfo, "pkcs1": PublicFormat.PKCS1}
_PRIVATE_FORMATS = {
    "pkcs8": PrivateFormat.PKCS8,
    "pkcs1": PrivateFormat.TraditionalOpenSSL,
    "sec1": PrivateFormat.TraditionalOpenSSL,
}
_LARGEST = 64 << 10


def read(data: bytes, *, private: bool, pem: bool) -> bytes:
    """A key in PEM or DER, whatever its type; a public one also from a private one or from a
    certificate."""
    if len(data) > _LARGEST:
        raise _unreadable("it is too large")
    try:
        if private:
            return _accept(_read_private(data, pem), private=True)
        return _accept(_read_public(data, pem), private=False)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise _unreadable(error) from None


def _read_private(data: bytes, pem: bool) -> Any:
    load = load_pem_private_key if pem else load_der_private_key
    return load(data, None, unsafe_skip_rsa_key_validation=True)


def _read_public(data: bytes, pem: bool) -> Any:
    if not pem:
        return load_der_public_key(data)
    if b"PRIVATE KEY-----" in data:
        return _read_private(data, pem=True).public_key()
    if b"-----BEGIN CERTIFICATE-----" in data:
        return load_pem_x509_certificate(data).public_key()
    return load_pem_public_key(data)


def _accept(key: Any, *, private: bool) -> bytes:
    """In the way in which crypto_keys.py checks what it lets in."""
    kind = describe_key(key.public_key() if private else key)
    name = {"rsa": "RSA", "ed25519": "Ed25519", "x25519": "X25519"}.get(kind[0], kind[1])
    if private:
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return from_pkcs8(der, kind=name)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return from_spki(der, kind=name)


def _unreadable(reason: object) -> NativeError:
    why = str(reason).partition(". ")[0].rstrip(".")
    return NativeError("TypeError", f"Failed to parse the key: {why}.")


_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def describe_key(public: Any) -> tuple[str, str, int]:
    """Node.js's name for the type, the curve, the length of RSA's modulus in bits."""
    match public:
        case rsa.RSAPublicKey():
            return "rsa", "", public.key_size
        case ec.EllipticCurvePublicKey():
            return "ec", _CURVES.get(public.curve.name, public.curve.name), 0
        case ed25519.Ed25519PublicKey():
            return "ed25519", "", 0
        case x25519.X25519PublicKey():
            return "x25519", "", 0
        case _:
            raise _unreadable("its type is not supported")


def describe(der: bytes, *, private: bool) -> tuple[str, str, int]:
    return describe_key(load_private(der).public_key() if private else load_public(der))


def write(der: bytes, *, private: bool, pem: bool, type: str) -> bytes:
    encoding = Encoding.PEM if pem else Encoding.DER
    try:
        if private:
            key: Any = load_private(der)
            return key.private_bytes(encoding, _PRIVATE_FORMATS[type], NoEncryption())
        public: Any = load_public(der)
        return public.public_bytes(encoding, _PUBLIC_FORMATS[type])
    except (ValueError, KeyError):
        raise NativeError("TypeError", f"A key of this type can't be written as {type}.") from None


# --- Signatures -----------------------------------------------------------------------------------


def sign(
    private: bytes, data: bytes, *, hash: str | None, pss: bool, salt: int, p1363: bool
) -> bytes:
    key: Any = load_private(private)
    try:
        match key:
            case rsa.RSAPrivateKey():
                algorithm = node_hash(hash or "sha256")
                return key.sign(data, _padding(pss, salt, algorithm, signs=True), algorithm)
            case ec.EllipticCurvePrivateKey():
                signature = key.sign(data, ec.ECDSA(node_hash(hash or "sha256")))
                return _to_p1363(signature, key.key_size) if p1363 else signature
            case ed25519.Ed25519PrivateKey():
                return key.sign(data)
            case _:
                raise NativeError("TypeError", "A key of this type signs nothing.")
    except ValueError as error:
        raise NativeError("OperationError", f"{error}") from None


def verify(
    public: bytes,
    signature: bytes,
    data: bytes,
    *,
    hash: str | None,
    pss: bool,
    salt: int,
    p1363: bool,
) -> bool:
    key: Any = load_public(public)
    try:
        match key:
            case rsa.RSAPublicKey():
                algorithm = node_hash(hash or "sha256")
                how = _padding(pss, salt, algorithm, signs=False)
                key.verify(signature, data, how, algorithm)
            case ec.EllipticCurvePublicKey():
                der = _from_p1363(signature) if p1363 else signature
                key.verify(der, data, ec.ECDSA(node_hash(hash or "sha256")))
            case ed25519.Ed25519PublicKey():
                key.verify(signature, data)
            case _:
                raise NativeError("TypeError", "A key of this type verifies nothing.")
    except (InvalidSignature, ValueError):
        return False
    return True


_SALT_OF_DIGEST = -1
"""RSA_PSS_SALTLEN_DIGEST; other numbers below 0 are the most that fits, or any when verifying."""


def _padding(pss: bool, salt: int, hash: hashes.HashAlgorithm, *, signs: bool) -> Any:
    if not pss:
        return padding.PKCS1v15()
    length: Any = salt
    if salt == _SALT_OF_DIGEST:
        length = padding.PSS.DIGEST_LENGTH
    elif salt < 0:
        length = padding.PSS.MAX_LENGTH if signs else padding.PSS.AUTO
    return padding.PSS(padding.MGF1(hash), length)


def _to_p1363(signature: bytes, bits: int) -> bytes:
    """r and s one after the other, each as long as the curve's numbers."""
    size = (bits + 7) // 8
    r, s = decode_dss_signature(signature)
    return r.to_bytes(size) + s.to_bytes(size)


def _from_p1363(signature: bytes) -> bytes:
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


# --- Encryption -----------------------------------------------------------------------------------


def encrypt(public: bytes, data: bytes, label: bytes, *, oaep: bool, hash: str) -> bytes:
    key = load_public(public)
    if not isinstance(key, rsa.RSAPublicKey):
        raise NativeError("TypeError", "A key of this type encrypts nothing.")
    try:
        return key.encrypt(data, _encryption(oaep, hash, label))
    except ValueError as error:
        raise NativeError("OperationError", f"{error}") from None


def decrypt(private: bytes, data: bytes, label: bytes, *, hash: str) -> bytes:
    """OAEP only: the older padding tells an attacker too much."""
    key = load_private(private)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise NativeError("TypeError", "A key of this type decrypts nothing.")
    try:
        return key.decrypt(data, _encryption(True, hash, label))
    except ValueError:
        raise NativeError("OperationError", "oaep decoding error") from None


def _encryption(oaep: bool, hash: str, label: bytes) -> Any:
    if not oaep:
        return padding.PKCS1v15()
    algorithm = node_hash(hash)
    return padding.OAEP(padding.MGF1(algorithm), algorithm, label or None)


FUNCTIONS = {
    "node-key-read": read,
    "node-key-write": write,
    "node-key-describe": describe,
    "node-sign": sign,
    "node-verify": verify,
    "node-encrypt": encrypt,
    "node-decrypt": decrypt,
}
