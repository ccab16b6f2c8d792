"""The encrypted secrets of all Workers of a node: a file in the state folder.

Each is encrypted by AES-256-GCM, bound to its Worker's and its own name, so that none can be passed
off as another. The file is replaced as a whole: who reads sees it before or after a change.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edgewright.secrets.errors import SecretError
from edgewright.secrets.files import FILE
from edgewright.secrets.key import read_key

_NONCE = 12


class _File(msgspec.Struct):
    workers: dict[str, dict[str, str]]
    """Worker → name → Base64 of the nonce and what was encrypted with it."""
    version: int = 1


class SecretStore:
    """Raises SecretError."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE

    def names(self, worker: str) -> list[str]:
        """Those that a Worker has, in their order. Needs no key."""
        return sorted(self._load().workers.get(worker, {}))

    def read(self, worker: str) -> dict[str, str]:
        """All of a Worker's, in the clear."""
        kept = self._load().workers.get(worker)
        if not kept:
            return {}
        cipher = AESGCM(read_key())
        return {name: self._decrypt(cipher, worker, name, kept[name]) for name in sorted(kept)}

    def put(self, worker: str, values: dict[str, str]) -> None:
        """Keeps the secrets, all or none."""
        cipher = AESGCM(read_key(create=True))
        with self._changing() as file:
            kept = file.workers.setdefault(worker, {})
            for name, value in values.items():
                nonce = secrets.token_bytes(_NONCE)
                sealed = cipher.encrypt(nonce, value.encode(), _bound_to(worker, name))
                kept[name] = base64.b64encode(nonce + sealed).decode()

    def delete(self, worker: str, name: str) -> bool:
        """Whether it was there."""
        with self._changing() as file:
            return file.workers.get(worker, {}).pop(name, None) is not None

    def _decrypt(self, cipher: AESGCM, worker: str, name: str, text: str) -> str:
        try:
            data = base64.b64decode(text, validate=True)
            return cipher.decrypt(data[:_NONCE], data[_NONCE:], _bound_to(worker, name)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise SecretError(
                f"{self._path}: the secret {name} of {worker} can't be decrypted: it was encrypted "
                "with another key, or changed"
            ) from None

    def _load(self) -> _File:
        try:
            file = msgspec.json.decode(self._path.read_bytes(), type=_File)
        except FileNotFoundError:
            return _File({})
        except OSError as error:
            raise SecretError(f"{self._path}: {error.strerror}") from None
        except msgspec.DecodeError:
            raise SecretError(f"{self._path}: it is no file of secrets") from None
        if file.version != 1:
            raise SecretError(f"{self._path}: it is of another version of Edgewright")
        return file

    @contextmanager
    def _changing(self) -> Generator[_File, None, None]:
        """One process at a time changes the file."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                file = self._load()
                yield file
                temporary = self._path.with_suffix(".new")
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "wb") as writer:
                    writer.write(msgspec.json.format(msgspec.json.encode(file)) + b"\n")
                    os.fsync(descriptor)
                temporary.replace(self._path)
        except OSError as error:
            raise SecretError(f"{self._path}: {error.strerror}") from None


def _bound_to(worker: str, name: str) -> bytes:
    return f"{worker}\0{name}".encode()
