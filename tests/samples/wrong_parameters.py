"""Parameters that no notebook may take, and the ways to give them: run, its file, sweep, rerun, papermill."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import papermill.cli
import pytest
from click.testing import CliRunner, Result
from jupyter_client.manager import AsyncKernelManager

from helpers import paths
from summits import cli

NOTEBOOK = "09_restraint"
STARTED = "a kernel started"
LONG = "9" * 5000


def _words(text: str) -> list[str]:
    return text.split()


# By the kind of the declaration: what its texts may not be, in any of the ways.
NUMBERS = _words("""
    1:30 0x10 0b11 0o17 1e1 9.0 ~ null on no nan .inf --3 3- 1__0 ９０ ٣٠ 3,5 twelve [30] {30} 30d 1/2 !!int_9
""")
DATES = _words("""
    2021-06 2021 20210630 2021-6-30 2021-06-31 2021-02-29 2021-13-01 2021-W26-3 30/06/2021 today ~ null no nan
    0000-01-01 2014-12-31 2036-01-01 9999-12-31 ２０２１-06-30 +2021-06-30 2021-06-30T00:00 2021-06-30Z
    2021--06-30 1e3 [2021-06-30]
""")
INPUTS = {
    "window_days": [
        *NUMBERS,
        LONG,
        f"0{LONG}",
        f"-{LONG}",
        " ",
        "-30",
        "0",
        "14",
        "181",
        "90 days",
        "90 # days",
    ],
    "draws": [*NUMBERS, "998", "100000", "-999"],
    "seed": ["1:30", "0x10", "1e3", "-1", "100000000", "none", "true"],
    "path_bin": ["7", "50", "0", "-30", "180", "٣٠"],
    "as_of": [*DATES, " 2021-06-30", "2021-06-30 ", "2021 06 30", "2021-06-30\n", "\x00"],
    "start": ["2017", "2017-1-1", "soon", "1999-12-31", "2035-12-31", "~", "2017-00-10"],
    "meeting_day": ["", "Last", "middle", "last ", "~", "0", "first|last", "[last]", "lаst", "first\u200b"],
    "confidence": [
        "high",
        "[]",
        "[ ]",
        "[High]",
        "[high, high]",
        "[high, 'high']",
        "[no]",
        "[high",
        "high]",
        "[[high]]",
    ],
    "same_announcement": ["[]", "[x]", "talks-paris-2026-03", "[talks-paris-2026-3]", "{}", "[~]", "[0700]"],
    "chip_terms": ["a\x1b[2J", "a\u200bb", "\u202ea", "a\u2028b", "a\x07", "\ufeffchip"],
    "windw_days": ["30"],
    "WINDOW_DAYS": ["30"],
    "window-days": ["30"],
    "window days": ["30"],
    "window_days[0]": ["30"],
    "window_days.x": ["30"],
    "window_days; x": ["30"],
    "x, window_days": ["30"],
    "9days": ["30"],
    "窗": ["30"],
    "census_api_key": ["x"],
    "auth_token": ["x"],
    "__class__": ["x"],
}


def inputs() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each."""
    for name, texts in INPUTS.items():
        for text in texts:
            yield name, text


@contextmanager
def collection_in(folder: Path) -> Iterator[Path]:
    """Make a copy of one notebook the collection, and note in a file if a kernel of it starts."""

    async def start(*_: object, **__: object) -> None:
        (folder / STARTED).touch()
        raise RuntimeError(STARTED)

    (folder / "notebooks").mkdir()
    shutil.copy(paths.notebooks_dir() / f"{NOTEBOOK}.ipynb", folder / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        for part in ("notebooks", "runs"):
            patch.setattr(paths, f"{part}_dir", lambda part=part: folder / part)
        patch.setattr(AsyncKernelManager, "start_kernel", start)
        yield folder


def _collection(folder: Path, runs: dict[str, dict[str, str]]) -> None:
    entry = {"question": "What?", "reads": ["events", "claims", "uncertainty"], "runs": runs}
    listing = folder / "notebooks" / "collection.yml"
    listing.write_text(json.dumps({"notebooks": {NOTEBOOK: entry}}))


def by_run(folder: Path, name: str, text: str) -> Result:
    """`summits run`."""
    return _summits(folder, "run", NOTEBOOK, "-p", f"{name}={text}")


def by_file(folder: Path, name: str, text: str) -> Result:
    """`summits run` with a file of parameters."""
    (folder / "given.yml").write_text(json.dumps({name: text}))
    return _summits(folder, "run", NOTEBOOK, "-f", str(folder / "given.yml"))


def by_sweep(folder: Path, name: str, text: str) -> Result:
    """`summits sweep`, beside a good value of another parameter."""
    return _summits(folder, "sweep", NOTEBOOK, "--yes", "-p", f"{name}={text}", "-p", "merge_days=0,1")


def by_rerun(folder: Path, name: str, text: str) -> Result:
    """`summits rerun` of a collection that lists such a run."""
    _collection(folder, {"published": {}, "wrong": {name: text}})
    return CliRunner().invoke(cli.main, ["rerun", "-j", "1"])


def _summits(folder: Path, *arguments: str) -> Result:
    _collection(folder, {"published": {}})
    return CliRunner().invoke(cli.main, [*arguments, "-j", "1"])


def by_papermill(folder: Path, name: str, text: str) -> Result:
    """Plain `papermill`, text as it is."""
    source = folder / "notebooks" / f"{NOTEBOOK}.ipynb"
    arguments = [str(source), str(folder / "out.ipynb"), "-r", name, text, "--no-progress-bar"]
    return CliRunner().invoke(papermill.cli.papermill, arguments)


WAYS: dict[str, Callable[[Path, str, str], Result]] = {
    "run": by_run,
    "run with a file": by_file,
    "sweep": by_sweep,
    "rerun": by_rerun,
    "papermill": by_papermill,
}


def problem(folder: Path, way: str, name: str, text: str) -> str:
    """Say how a way fails; empty if the input is refused in short lines and nothing was begun."""
    before = _files(folder)
    result = WAYS[way](folder, name, text)
    begun = _files(folder) - before - {Path("given.yml"), Path("notebooks/collection.yml")}
    for path in begun:
        os.remove(folder / path)
    said = result.output.strip()
    if result.exit_code == 0:
        return "taken"
    if not isinstance(result.exception, SystemExit):
        return f"crashed: {result.exception!r}"
    if begun:
        return f"left {sorted(map(str, begun))[:3]}"
    if "Traceback" in said or len(said) > 600 or name.partition(";")[0] not in said:
        return f"said {said[:200]!r}"
    return ""


def _files(folder: Path) -> set[Path]:
    # The log of a rerun is kept whatever comes: it says why nothing was done.
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if path.parts[:2] != ("runs", "_log")}
