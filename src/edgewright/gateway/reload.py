"""dev: a change of a file of the Worker becomes a new version of it, without a dropped request.

Events of the file system only wake us up; what counts is whether a file that matters looks
different from when we last built. So nothing is missed between a build and the next watch, and it
does not matter how an editor saves (in place, or by renaming a new file over the old one).

While the Worker builds, the files that matter are those it was built from and those a configuration
may be in. While it does not, any file might be the missing one: all folders below the root are
watched, but for those that hold other people's code.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import watchfiles

from edgewright.config.environments import ENVIRONMENT
from edgewright.secrets.files import file_names
from edgewright.worker import LOADING_ERRORS, Worker

_CONFIG_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
_SECRET_NAMES = file_names(os.environ.get(ENVIRONMENT))
_RECHECK_MS = 1000

Snapshot = dict[str, tuple[int, int, int]]
"""What a file looked like: its time, size and inode. Files that are missing are not in it."""


class Reloader:
    """Reloads a Worker, until it is cancelled.

    `on_deploy` is called after each new version, `on_message` is told what there is to tell the
    person.
    """

    def __init__(
        self,
        worker: Worker,
        *,
        on_deploy: Callable[[], None],
        on_message: Callable[[str], None],
    ) -> None:
        self._worker = worker
        self._error: str | None = None
        self._on_deploy = on_deploy
        self._on_message = on_message

    async def run(self) -> None:
        # Empty, as a file may have changed since the build that we were given. A build for
        # nothing does no harm: its bundle is the same.
        seen: Snapshot = {}
        while True:
            folders = self._folders()
            # What its type leaves open is an event of trio, which we don't give.
            changes = watchfiles.awatch(  # pyright: ignore[reportUnknownMemberType]
                *folders,
                watch_filter=None,
                recursive=False,
                debounce=100,
                step=20,
                rust_timeout=_RECHECK_MS,
                yield_on_timeout=True,
            )
            async with contextlib.aclosing(changes):
                async for _ in changes:
                    now = self._snapshot()
                    if now != seen:
                        edited = any(now.get(file) != known for file, known in seen.items())
                        # From before the build reads: what changes meanwhile is seen next time.
                        seen = now
                        await self._reload(edited=edited)
                    if self._folders() != folders:
                        break

    async def _reload(self, *, edited: bool) -> None:
        """Not `edited` means that there are only more files to look at than before: the same
        error is not told again then."""
        try:
            changed = await self._worker.reload()
        except LOADING_ERRORS as error:
            if edited or str(error) != self._error:
                self._on_message(f"{error}\nThe version before this change keeps running.")
            self._error = str(error)
            return
        if changed:
            self._on_deploy()
            self._on_message("Reloaded.")
        elif self._error is not None:
            self._on_message("Back to the version that runs.")
        self._error = None

    def _files(self) -> Iterator[Path]:
        yield from self._worker.paths
        for version in self._worker.versions:
            root = version.config.root
            yield from version.bundle.files.values()
            yield from (root / name for name in (*_CONFIG_NAMES, *_SECRET_NAMES))
            if self._error is not None:
                for folder, names in _walk(root):
                    yield from (folder / name for name in names)

    def _folders(self) -> set[Path]:
        folders = {file.parent for file in self._files()}
        if self._error is not None:
            for version in self._worker.versions:
                folders.update(folder for folder, _ in _walk(version.config.root))
        return {folder for folder in folders if folder.is_dir()}

    def _snapshot(self) -> Snapshot:
        return _snapshot(self._files())


def _snapshot(files: Iterable[Path]) -> Snapshot:
    seen: Snapshot = {}
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        seen[str(file)] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return seen


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Each folder with the names of its files."""
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name != "node_modules" and not name.startswith(".")]
        yield Path(folder), names
