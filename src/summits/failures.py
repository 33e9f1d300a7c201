"""A failed run is kept aside with a report that fits one screen."""

import os
import re
import shutil
import textwrap
import traceback
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError

from summits import notebooks
from summits.plan import Run

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
SCREEN_LINES, SCREEN_COLUMNS = 24, 110


def keep_aside(working: Path, run: Run, error: BaseException) -> str:
    """Move a failed attempt to `runs/_failed/` and write its report.

    Parameters
    ----------
    working
        Folder of the attempt, with the partly executed notebook if a kernel had started.
    run, error
        What failed, and how.

    Returns
    -------
    str
        The report: notebook, heading above the failing cell, last frame, message, and where the log is.
    """
    text = compose(run, _partial(working / "notebook.ipynb"), error)
    (working / "report.txt").write_text(text + "\n", encoding="utf-8")
    (working / "key.txt").write_text(run.key, encoding="utf-8")
    with (working / "kernel.log").open("a", encoding="utf-8") as log:
        log.write(ANSI.sub("", "".join(traceback.format_exception(error))))
    shutil.rmtree(run.failed_directory, ignore_errors=True)
    run.failed_directory.parent.mkdir(parents=True, exist_ok=True)
    os.replace(working, run.failed_directory)
    return text


def _partial(path: Path) -> dict[str, Any]:
    """What was executed, as far as it can be read: a full disk or a kill breaks the file off."""
    try:
        return notebooks.read(path)
    except notebooks.NotebookError:
        return {"cells": []}


def compose(run: Run, notebook: dict[str, Any], error: BaseException) -> str:
    """Report of one failure, at most one screen."""
    index = failing_cell(notebook, error)
    frame, message = [], _first_words(error)
    lines = [f"FAILED  {run.id}"]
    if run.given:
        lines.append("  with    " + ", ".join(f"{name}={run.parameters[name]!r}" for name in run.given))
    if index is not None:
        cell = notebook["cells"][index]
        lines.append(f"  under   {notebooks.heading_above(notebook, index) or '(no heading)'}")
        lines.append(f"  in      {notebooks.name_of(cell, index)}")
        if raised := next((o for o in cell.get("outputs", []) if o["output_type"] == "error"), None):
            frame, message = frames(raised["traceback"]), f"{raised['ename']}: {raised['evalue']}"
    ending = [f"  log     {run.failed_directory / 'kernel.log'}"]
    room = SCREEN_LINES - len(lines) - len(ending)
    wrap = textwrap.TextWrapper(SCREEN_COLUMNS - 4, subsequent_indent="  ").wrap
    words = ANSI.sub("", message).strip().splitlines()
    said = [f"  {part}" for line in words for part in wrap(line)][: max(1, room - len(frame))]
    body = [*(f"  | {line}" for line in frame), *said][:room]
    return "\n".join(line[:SCREEN_COLUMNS] for line in [*lines, *body, *ending])


def _first_words(error: BaseException) -> str:
    """What an error says; nbclient adds the whole cell to a deadline, which the report names anyway."""
    said = str(error).splitlines()[0] if isinstance(error, CellTimeoutError) else str(error)
    return f"{type(error).__name__}: {said}"


def failing_cell(notebook: dict[str, Any], error: BaseException) -> int | None:
    """Index of the cell that raised, or that was running when the kernel died or the deadline passed."""
    for index, cell in enumerate(notebook["cells"]):
        if any(output["output_type"] == "error" for output in cell.get("outputs", [])):
            return index
    if not isinstance(error, CellTimeoutError | DeadKernelError):
        return None
    times = [cell["metadata"].get("papermill", {}).get("start_time") for cell in notebook["cells"]]
    return max((index for index, time in enumerate(times) if time), default=None)


def frames(trace: list[str]) -> list[str]:
    """Outermost and innermost frame of an IPython traceback: where each is, and the line that was running."""
    text = ANSI.sub("", "\n".join(trace)).splitlines()
    starts = [i for i, line in enumerate(text) if re.match(r"(File |Cell In|Input In)", line.strip())]
    shown = []
    for start in dict.fromkeys([*starts[:1], *starts[-1:]]):
        arrow = next((line for line in text[start:] if re.match(r"-+> \d", line)), "")
        shown += [text[start].strip(), *([arrow.strip()] if arrow else [])]
    return shown
