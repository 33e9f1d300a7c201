"""Changing the data package: all or nothing, under a lock, safe against a kill at any moment.

A change is prepared in a copy beside the package and checked there. Then a journal is written, each changed
file is renamed into place, and the journal goes. A process that dies before the journal leaves the package
untouched; one that dies after it leaves a change that the next one completes.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from summits import archive, validation
from summits.publishers.client import Refused

JOURNAL = "journal.json"


class Busy(ValueError):
    """Another process is changing the data package."""


@contextmanager
def locked(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold the package alone, and complete a change that an earlier process left unfinished.

    Parameters
    ----------
    folder : pathlib.Path
    wait : bool
        Wait until no other process holds it, however long that takes.

    Raises
    ------
    Busy
        If another process holds it, and goes on for a second.
    """
    lock = filelock.FileLock(_beside(folder, "lock"))
    try:
        lock.acquire(timeout=1)
    except filelock.Timeout:
        if not wait:
            raise Busy(f"Another refresh is changing {folder.name}/. Wait for it, then run again.") from None
        print(f"Another refresh is changing {folder.name}/; waiting for it.", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        complete(folder)
        yield
    finally:
        lock.release()


def complete(folder: Path) -> None:
    """Finish a journalled change, or remove a copy that never got that far."""
    copy = _beside(folder, "copy")
    if (copy / JOURNAL).exists():
        _rename(folder, copy)
    shutil.rmtree(copy, ignore_errors=True)


def change(folder: Path, files: dict[str, bytes]) -> None:
    """Put files into the package in one change.

    Parameters
    ----------
    folder : pathlib.Path
        The data package, locked.
    files : dict
        Content by path in the package. ``datapackage.json`` is rewritten for them.

    Raises
    ------
    Refused
        If the package would not be sound with them; nothing is changed then.
    """
    copy = _beside(folder, "copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("build"))
    for path, content in files.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes(content)
    validation.describe(copy)
    # A hole elsewhere, which a refresh of that publisher mends, must not stop this one.
    if problems := [each for each in validation.check(copy) if not validation.may_be_mended(each)]:
        shutil.rmtree(copy)
        raise Refused("unsound", f"With these values the package has faults, such as {problems[0]}")
    changed = [*files, "datapackage.json"]
    # The files are on the disk before the journal that names them.
    for path in changed:
        with (copy / path).open("rb") as file:
            os.fsync(file.fileno())
    archive.write(copy / JOURNAL, json.dumps(changed).encode())
    try:
        _rename(folder, copy)
    except BaseException:
        # Once the journal is there the change is decided: an interrupt must not leave half of it.
        complete(folder)
        raise
    shutil.rmtree(copy)


def _rename(folder: Path, copy: Path) -> None:
    for path in json.loads((copy / JOURNAL).read_text(encoding="utf-8")):
        if (copy / path).exists():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(copy / path, folder / path)
    (copy / JOURNAL).unlink()


def _beside(folder: Path, kind: str) -> Path:
    return folder.parent / f".{folder.name}-refresh-{kind}"
