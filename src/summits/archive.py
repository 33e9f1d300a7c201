"""What is kept beside the results, and for how long.

`runs/_previous/` holds, for every run, the record that the present one replaced. `runs/_data/` holds the data
tables that a record was made from, by their hash, so that a later comparison can say which value changed and
can run again on the old data. Both are bounded: tables no record names are removed, and so are the oldest of
the runs that the collection does not list.
"""

import gzip
import io
import json
import os
import shutil
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from helpers import paths
from summits import notebooks
from summits.plan import Run, collection

KEPT_UNLISTED = 500
KEPT_REPORTS = 24
# What every record holds, and of which type.
PARTS = {"key": str, "notebook_sha256": str, "ingredients": dict}


class NotKept(ValueError):
    """A data table of an earlier run that is not in the archive."""


def record(path: Path) -> dict[str, Any]:
    """Read the record of a result; empty if there is none or it is damaged, as if it had never been made."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or any(type(content.get(name)) is not PARTS[name] for name in PARTS):
        return {}
    names = {"notebook": path.parent.parent.name, "set": path.parent.name}
    return {**names, "parameters": {}, "records": [], **content}


def records(folder: Path) -> dict[str, dict[str, Any]]:
    """Records of all results below a folder of runs, by the id of the run (notebook/set)."""
    found = (record(path) for path in sorted(folder.glob("[!_]*/[!_]*/record.json")))
    return {f"{content['notebook']}/{content['set']}": content for content in found if content}


def previous_folder() -> Path:
    """Where the records lie that the present ones replaced."""
    return paths.runs_dir() / "_previous"


def keep_previous(run: Run) -> None:
    """Keep the record in place before another takes its place; a record of the same content is not kept."""
    present = run.directory / "record.json"
    if record(present).get("key") in (None, run.key):
        return
    write(previous_folder() / run.notebook / run.set / "record.json", present.read_bytes())


def keep_data(hashes: Mapping[str, str]) -> None:
    """Keep the data tables of a run.

    Parameters
    ----------
    hashes
        sha256 by path within the data package.
    """
    for path, sha256 in hashes.items():
        kept = _place(sha256)
        if not kept.exists():
            write(kept, gzip.compress((paths.data_dir() / path).read_bytes(), compresslevel=6, mtime=0))


def table(sha256: str) -> bytes:
    """Content of a kept data table.

    Raises
    ------
    NotKept
        If it is not in the archive or is damaged.
    """
    try:
        content = gzip.decompress(_place(sha256).read_bytes())
    except (OSError, EOFError, ValueError):
        content = b""
    if notebooks.digest(content) != sha256:
        raise NotKept(f"The data table {sha256[:12]}… is not in {_place(sha256).parent}.")
    return content


def prune(in_use: Collection[str]) -> None:
    """Remove what is no longer needed.

    Kept are all runs that the collection lists, the latest 500 others, the latest 24 change reports, and
    every data table that one of their records names.

    Parameters
    ----------
    in_use
        Ids of runs to keep in any case.
    """
    runs, listed = paths.runs_dir(), collection()
    needed = {f"{name}/{each}" for name, entry in listed.items() for each in entry["runs"]} | set(in_use)
    unlisted = [p for p in runs.glob("[!_]*/[!_]*/") if f"{p.parent.name}/{p.name}" not in needed]
    sweeps, reports = runs.glob("*/_sweeps/*/"), runs.glob("_changes/*/")
    for folders, most in ((unlisted, KEPT_UNLISTED), (sweeps, KEPT_UNLISTED), (reports, KEPT_REPORTS)):
        # The youngest first: by when anything in a folder was last replaced.
        for path in sorted(folders, key=lambda path: -path.stat().st_mtime)[most:]:
            shutil.rmtree(path, ignore_errors=True)
    every = [*records(runs).values(), *records(previous_folder()).values()]
    named = {sha256 for record in every for sha256 in record["ingredients"]["data"].values()}
    for path in (runs / "_data").glob("*.gz"):
        if path.name.removesuffix(".gz") not in named:
            path.unlink(missing_ok=True)


def _place(sha256: str) -> Path:
    return paths.runs_dir() / "_data" / f"{sha256}.gz"


def zipped(files: Iterable[str], below: str = "") -> bytes:
    """Return files of the data package as one archive, the same bytes for the same files.

    Parameters
    ----------
    files : iterable of str
        Paths in the package.
    below : str
        The folder of the archive in which the files lie, with a slash at its end.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compresslevel=9) as packing:
        for path in sorted(files):
            # Without a date, two archives of the same data are alike.
            entry = zipfile.ZipInfo(below + path)
            packing.writestr(entry, (paths.data_dir() / path).read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def write(path: Path, content: bytes) -> None:
    """Write a file at once, and to the disk: a reader sees the whole of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
