"""Public and private keys: how they are made, read and written. Inside the isolate a private key
is PKCS #8 and a public one SubjectPublicKeyInfo, both as this file writes them; none is kept here.

What is read from a Worker is checked in full, as the library misbehaves with private RSA keys that
make no sense. That takes long (it looks for primes), so checked ones are known by their hash, and
keys that this file has written are read without.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from edgewright.isolate.natives.errors import NativeError

Private = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | x25519.X25519PrivateKey
)
Public = (
    rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | x25519.X25519PublicKey
)

CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_CURVE_NAMES: Final = {curve.name: name for name, curve in CURVES.items()}

_MOST_PRIVATE_BITS: Final = 4096
_MOST_PUBLIC_BITS: Final = 16384
"""RSA: to make or check a longer private key takes seconds, which nothing can interrupt."""

_MOST_BYTES: Final = 16384
"""Of a key or one of its numbers: far more than any has. To multiply longer ones takes long."""

_NO_KEY: Final = (ValueError, TypeError, ArithmeticError, UnsupportedAlgorithm)
"""What the library raises for what it can't read."""

_MOST_CHECKED: Final = 1024
_checked: set[bytes] = set()


def load_private(der: bytes) -> Private:
    """One that this file has written."""
    key: Any = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    return key


def load_public(der: bytes) -> Public:
    key: Any = load_der_public_key(der)
    return key


# --- Making ---------------------------------------------------------------------------------------


def generate(*, kind: str, bits: int = 0, exponent: int = 0) -> bytes:
    """`kind` is RSA, a curve of CURVES, Ed25519 or X25519."""
    if kind == "RSA":
        if not 1024 <= bits <= _MOST_PRIVATE_BITS:
            raise NativeError("OperationError", "modulusLength must be between 1024 and 4096.")
        return _write_private(rsa.generate_private_key(exponent, bits))
    if kind == "Ed25519":
        return _write_private(ed25519.Ed25519PrivateKey.generate())
    if kind == "X25519":
        return _write_private(x25519.X25519PrivateKey.generate())
    return _write_private(ec.generate_private_key(CURVES[kind]))


def public_of(private: bytes) -> bytes:
    return _write_public(load_private(private).public_key())


# --- Reading --------------------------------------------------------------------------------------


def from_pkcs8(der: bytes, *, kind: str) -> bytes:
    _bound(der)
    try:
        return _accept_private(_load_checked(der), kind)
    except _NO_KEY as error:
        raise _bad_key(error) from None


def from_spki(der: bytes, *, kind: str) -> bytes:
    _bound(der)
    try:
        return _accept_public(load_der_public_key(der), kind)
    except _NO_KEY as error:
        raise _bad_key(error) from None


def from_raw(point: bytes, *, kind: str) -> bytes:
    """A public key of a curve."""
    _bound(point)
    try:
        return _write_public(_public_from_raw(point, kind))
    except _NO_KEY as error:
        raise _bad_key(error) from None


def rsa_from_numbers(*numbers: bytes) -> bytes:
    """n and e, or n, e, d, p, q, dp, dq and qi of a JSON Web Key (RFC 7518 §6.3)."""
    _bound(*numbers)
    n, e, *private = (int.from_bytes(number) for number in numbers)
    if n.bit_length() > _MOST_PUBLIC_BITS:
        raise _bad_key("it is too long")
    try:
        public = rsa.RSAPublicNumbers(e, n)
        if not private:
            return _accept_public(public.public_key(), "RSA")
        d, p, q, dp, dq, qi = private
        _bound_private(n, p, q)
        return _accept_private(
            rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key(), "RSA"
        )
    except _NO_KEY as error:
        raise _bad_key(error) from None


def ec_from_numbers(x: bytes, y: bytes, d: bytes | None = None, *, kind: str) -> bytes:
    """Of a JSON Web Key (RFC 7518 §6.2)."""
    _bound(x, y, d or b"")
    try:
        point = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), CURVES[kind])
        if d is None:
            return _write_public(point.public_key())
        return _write_private(
            ec.EllipticCurvePrivateNumbers(int.from_bytes(d), point).private_key()
        )
    except _NO_KEY as error:
        raise _bad_key(error) from None


def okp_private(d: bytes, x: bytes, *, kind: str) -> bytes:
    """Of a JSON Web Key (RFC 8037 §2): `x` has to be the public part of `d`."""
    try:
        key = (
            ed25519.Ed25519PrivateKey.from_private_bytes(d)
            if kind == "Ed25519"
            else x25519.X25519PrivateKey.from_private_bytes(d)
        )
    except _NO_KEY as error:
        raise _bad_key(error) from None
    if key.public_key().public_bytes_raw() != x:
        raise _bad_key("x and d are not of one key")
    return _write_private(key)


def _bound(*parts: bytes) -> None:
    if max(map(len, parts)) > _MOST_BYTES:
        raise _bad_key("it is too long")


def _bound_private(n: int, p: int, q: int) -> None:
    """Whether p and q are primes is found out before whether they are those of n."""
    if max(n.bit_length(), p.bit_length(), q.bit_length()) > _MOST_PRIVATE_BITS:
        raise ValueError("it is too long")


def _load_checked(der: bytes) -> Any:
    """Known ones without the search for primes."""
    name = hashlib.sha256(der).digest()
    # One that is too long is not worth a check.
    key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey) or name in _checked:
        return key
    numbers = key.private_numbers()
    _bound_private(numbers.public_numbers.n, numbers.p, numbers.q)
    key = load_der_private_key(der, None)
    if len(_checked) >= _MOST_CHECKED:
        _checked.clear()
    _checked.add(name)
    return key


def _public_from_raw(point: bytes, kind: str) -> Public:
    if kind == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(point)
    if kind == "X25519":
        return x25519.X25519PublicKey.from_public_bytes(point)
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVES[kind], point)


def _accept_private(key: Any, kind: str) -> bytes:
    if _kind(key.public_key()) != kind:
        raise ValueError(f"it is not one of {kind}")
    return _write_private(key)


def _accept_public(key: Any, kind: str) -> bytes:
    if _kind(key) != kind:
        raise ValueError(f"it is not one of {kind}")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size > _MOST_PUBLIC_BITS:
        raise ValueError("it is too long")
    return _write_public(key)


def _kind(key: object) -> str:
    match key:
        case rsa.RSAPublicKey():
            return "RSA"
        case ec.EllipticCurvePublicKey():
            return _CURVE_NAMES.get(key.curve.name, "")
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case x25519.X25519PublicKey():
            return "X25519"
        case _:
            return ""


def _bad_key(reason: object) -> NativeError:
    why = str(reason).partition(". ")[0].rstrip(".")
    return NativeError("DataError", f"The key can't be imported: {why}.")


# --- Writing --------------------------------------------------------------------------------------


def to_raw(public: bytes) -> bytes:
    key = load_public(public)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def rsa_describe(public: bytes) -> tuple[int, str]:
    """Length of the modulus in bits, and the exponent as a JSON Web Key has it."""
    key = load_public(public)
    if not isinstance(key, rsa.RSAPublicKey):
        raise NativeError("DataError", "It is no RSA key.")
    return key.key_size, _number(key.public_numbers().e)


def to_jwk(der: bytes, *, private: bool) -> dict[str, str]:
    """The members of a JSON Web Key that are the key itself."""
    secret = load_private(der) if private else None
    public = load_public(der) if secret is None else secret.public_key()
    match public:
        case rsa.RSAPublicKey():
            return _rsa_jwk(public, secret)
        case ec.EllipticCurvePublicKey():
            return _ec_jwk(public, secret)
        case _:
            jwk = {"x": _base64url(public.public_bytes_raw())}
            if isinstance(secret, ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey):
                jwk["d"] = _base64url(secret.private_bytes_raw())
            return jwk


def _rsa_jwk(public: rsa.RSAPublicKey, secret: Private | None) -> dict[str, str]:
    numbers = public.public_numbers()
    jwk = {"n": _number(numbers.n), "e": _number(numbers.e)}
    if isinstance(secret, rsa.RSAPrivateKey):
        private = secret.private_numbers()
        jwk |= {
            "d": _number(private.d),
            "p": _number(private.p),
            "q": _number(private.q),
            "dp": _number(private.dmp1),
            "dq": _number(private.dmq1),
            "qi": _number(private.iqmp),
        }
    return jwk


def _ec_jwk(public: ec.EllipticCurvePublicKey, secret: Private | None) -> dict[str, str]:
    size = -(-public.key_size // 8)
    numbers = public.public_numbers()
    jwk = {"x": _number(numbers.x, size), "y": _number(numbers.y, size)}
    if isinstance(secret, ec.EllipticCurvePrivateKey):
        jwk["d"] = _number(secret.private_numbers().private_value, size)
    return jwk


def _number(value: int, size: int = 0) -> str:
    """RFC 7518 §2, Base64urlUInt."""
    return _base64url(value.to_bytes(size or -(-value.bit_length() // 8)))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _write_private(key: Private) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _write_public(key: Public) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


FUNCTIONS = {
    "key-generate": generate,
    "key-public": public_of,
    "key-from-pkcs8": from_pkcs8,
    "key-from-spki": from_spki,
    "key-from-raw": from_raw,
    "key-from-okp": okp_private,
    "key-from-ec": ec_from_numbers,
    "key-from-rsa": rsa_from_numbers,
    "key-raw": to_raw,
    "key-jwk": to_jwk,
    "rsa-describe": rsa_describe,
}
