"""The key that secrets are encrypted with: 32 bytes, which are kept apart from them.

In the environment variable EDGEWRIGHT_SECRETS_KEY (Base64), or in a file that only its owner may
read: where EDGEWRIGHT_SECRETS_KEY_FILE says, or in the user's configuration folder.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path

import platformdirs

from edgewright.secrets.errors import SecretError

KEY = "EDGEWRIGHT_SECRETS_KEY"
KEY_FILE = "EDGEWRIGHT_SECRETS_KEY_FILE"

_SIZE = 32


def read_key(*, create: bool = False) -> bytes:
    """The key; with `create`, a new one is made where there is no file yet. Raises SecretError."""
    if (text := os.environ.get(KEY)) is not None:
        return _decode(text, f"the environment variable {KEY}")
    path = _path()
    try:
        if create and not path.exists():
            _make(path)
        mode = path.stat().st_mode
        if mode & 0o077:
            raise SecretError(
                f"{path}: others may read it (mode {mode & 0o777:04o}); change that with "
                f"`chmod 600 {path}`"
            )
        return _decode(path.read_text("ascii", "replace"), str(path))
    except FileNotFoundError:
        raise SecretError(
            f"There are secrets, but not the key to them: neither {path} nor the environment "
            f"variable {KEY}."
        ) from None
    except OSError as error:
        raise SecretError(f"{path}: {error.strerror}") from None


def _path() -> Path:
    given = os.environ.get(KEY_FILE)
    return (
        Path(given) if given else Path(platformdirs.user_config_dir("edgewright")) / "secrets.key"
    )


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as writer:
        writer.write(base64.b64encode(secrets.token_bytes(_SIZE)) + b"\n")
    try:
        os.link(temporary, path)  # fails where another process was first
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _SIZE:
        raise SecretError(f"The key in {where} is none: it must be {_SIZE} bytes in Base64.")
    return key
