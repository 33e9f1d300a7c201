"""Temporary folders that the next process sweeps if the one that made them was killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def folder(prefix: str, parent: Path) -> Iterator[Path]:
    """Yield a new folder below `parent`, locked as long as it is in use; abandoned ones are swept."""
    sweep(prefix, parent)
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    lock = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def sweep(prefix: str, parent: Path) -> None:
    """Remove what killed processes left behind: folders with content that nobody has locked."""
    for path in parent.glob(f"{prefix}*"):
        with suppress(OSError):
            lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                # A folder that is still empty may be one that is about to be locked.
                if any(path.iterdir()):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)
