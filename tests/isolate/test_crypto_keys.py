"""Keys that are made to keep the host busy are refused before anything is computed with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from edgewright.isolate.natives import NativeError
from edgewright.isolate.natives.crypto_keys import (
    from_pkcs8,
    from_spki,
    generate,
    load_private,
    rsa_from_numbers,
)


def as_bytes(number: int) -> bytes:
    return number.to_bytes(-(-number.bit_length() // 8))


def numbers_of(key: rsa.RSAPrivateKey) -> list[bytes]:
    private = key.private_numbers()
    public = private.public_numbers
    numbers = (public.n, public.e, private.d, private.p, private.q)
    return [as_bytes(n) for n in (*numbers, private.dmp1, private.dmq1, private.iqmp)]


@pytest.fixture
def numbers() -> list[bytes]:
    key = load_private(generate(kind="RSA", bits=1024, exponent=65537))
    assert isinstance(key, rsa.RSAPrivateKey)
    return numbers_of(key)


def test_a_key_of_numbers(numbers: list[bytes]) -> None:
    key = load_private(rsa_from_numbers(*numbers))
    assert isinstance(key, rsa.RSAPrivateKey)
    assert numbers_of(key) == numbers


@pytest.mark.parametrize("which", range(8))
def test_numbers_that_are_longer_than_any_key(numbers: list[bytes], which: int) -> None:
    numbers[which] = b"\xff" * 20_000
    with pytest.raises(NativeError, match="too long"):
        rsa_from_numbers(*numbers)


@pytest.mark.parametrize("which", [3, 4])
def test_primes_that_are_longer_than_the_key(numbers: list[bytes], which: int) -> None:
    numbers[which] = b"\xff" * 8_000
    with pytest.raises(NativeError, match="too long"):
        rsa_from_numbers(*numbers)


@pytest.mark.parametrize("read", [from_pkcs8, from_spki])
def test_files_that_are_longer_than_any_key(read: Callable[..., bytes]) -> None:
    with pytest.raises(NativeError, match="too long"):
        read(bytes(20_000), kind="RSA")


@pytest.mark.parametrize("bits", [0, 512, 4097, 1 << 20])
def test_keys_that_take_too_long_to_make(bits: int) -> None:
    with pytest.raises(NativeError, match="between 1024 and 4096"):
        generate(kind="RSA", bits=bits, exponent=65537)
