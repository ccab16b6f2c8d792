"""The ciphers of node:crypto: AES in its modes."""

from __future__ import annotations

import re
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from edgewright.isolate.natives.errors import NativeError
from edgewright.isolate.natives.registry import SMALL_STATE

_NAME = re.compile(r"aes-?(128|192|256)-(cbc|ctr|ecb|gcm)", re.IGNORECASE)


class NodeCipher:
    """The first piece is the key, the initialization vector and the additional data, one after the
    other. With GCM, what is encrypted ends with the tag, and the last piece of what is to be
    decrypted is the tag."""

    memory = SMALL_STATE

    def __init__(self, *, name: str, decrypt: bool, key: int, iv: int, pad: bool, tag: int) -> None:
        self._bits, self._mode = parse(name)
        if key * 8 != self._bits:
            raise NativeError("RangeError", "Invalid key length")
        self._key, self._iv = key, iv
        self._decrypt = decrypt
        self._tag = tag
        self._context: Any = None
        self._padding: Any = None
        if pad and self._mode in ("cbc", "ecb"):
            scheme = padding.PKCS7(128)
            self._padding = scheme.unpadder() if decrypt else scheme.padder()

    def step(self, data: bytes, end: bool) -> bytes:
        try:
            if self._context is None:
                self._begin(data)
                return b""
            return self._finish(data) if end else self._update(data)
        except InvalidTag:
            message = "Unsupported state or unable to authenticate data"
            raise NativeError("OperationError", message) from None
        except ValueError as error:
            raise NativeError("OperationError", f"Cipher failed: {error}") from None

    def _begin(self, data: bytes) -> None:
        key, rest = data[: self._key], data[self._key :]
        iv, additional = rest[: self._iv], rest[self._iv :]
        cipher = Cipher(AES(key), _mode(self._mode, iv))
        self._context = cipher.decryptor() if self._decrypt else cipher.encryptor()
        if additional:
            self._context.authenticate_additional_data(additional)

    def _update(self, data: bytes) -> bytes:
        if self._padding is None:
            return self._context.update(data)
        if self._decrypt:
            return self._padding.update(self._context.update(data))
        return self._context.update(self._padding.update(data))

    def _finish(self, data: bytes) -> bytes:
        if self._mode == "gcm" and self._decrypt:
            return self._context.finalize_with_tag(data)
        result = self._update(data)
        if self._padding is None:
            result += self._context.finalize()
        elif self._decrypt:
            plain = self._padding.update(self._context.finalize())
            result += plain + self._padding.finalize()
        else:
            result += self._context.update(self._padding.finalize()) + self._context.finalize()
        return result + self._context.tag[: self._tag] if self._mode == "gcm" else result


def parse(name: str) -> tuple[int, str]:
    """Length of the key in bits, and the mode."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise NativeError("TypeError", "Unknown cipher")
    return int(found[1]), found[2].lower()


def _mode(name: str, iv: bytes) -> Any:
    match name:
        case "cbc":
            return modes.CBC(iv)
        case "ctr":
            return modes.CTR(iv)
        case "gcm":
            return modes.GCM(iv)
        case _:
            return modes.ECB()


STATES = {"node-cipher": NodeCipher}
