"""Numbers that processes share, to see for next to nothing whether something has changed.

Who has changed a thing puts a new number into its place, after the change can be read and before
anybody is told of it. Who remembers a thing remembers the number that stood there *before* it was
read: as long as it still stands there, nothing has changed. The numbers are random, as no two
processes could count up together without a lock. Things share a place by chance; then one's change
makes the other forgotten as well.

The file is mapped into memory and a number is read in one piece. It says nothing after a restart
of the machine, and needs not to: nobody remembers anything then.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import random
import zlib
from pathlib import Path

from edgewright.bindings.binding import StateError

_PLACES = 1 << 14


class Stamps:
    """Raises StateError."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.ftruncate(file, _PLACES * 8)
                self._map = mmap.mmap(file, _PLACES * 8)
            finally:
                os.close(file)
        except OSError as error:
            raise StateError(f"{path}: {error.strerror}") from error
        self._numbers = memoryview(self._map).cast("Q")

    def read(self, thing: bytes) -> int:
        return self._numbers[zlib.crc32(thing) % _PLACES]

    def change(self, thing: bytes) -> None:
        self._numbers[zlib.crc32(thing) % _PLACES] = random.getrandbits(64)

    def change_all(self) -> None:
        """What a process that was killed has changed, it may not have told."""
        for place in range(_PLACES):
            self._numbers[place] = random.getrandbits(64)

    def close(self) -> None:
        self._numbers.release()
        with contextlib.suppress(BufferError):
            self._map.close()
