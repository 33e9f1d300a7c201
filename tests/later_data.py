"""A copy of the data package in which all that became public after a day is nonsense.

A record as of that day must not differ on it: what it differs by, it took from the future.
"""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import papermill

from helpers import paths
from summits import notebooks, papermill_engine

TURNED = {
    "tightening": "easing",
    "easing": "tightening",
    "cooperation": "tightening",
    "yes": "no",
    "no": "yes",
}


def spoil(folder: Path, day: str) -> None:
    """Copy the data package to `folder` and spoil what was not public on `day`."""
    shutil.copytree(paths.data_dir(), folder)
    for path in [*folder.glob("observations/*.csv"), *folder.glob("lists/*.csv")]:
        table = _read(path)
        if "vintage" in table:
            later = table["vintage"] > day
            for column in table.columns.difference(["series_id", "period", "vintage", "source_id"]):
                table.loc[later, column] = table.loc[later, column].map(_nonsense)
            table.to_csv(path, index=False, lineterminator="\n")
    events = _read(folder / "events.csv")
    later = (events["public_from"] > day) | (events["date"] > day)
    events.loc[later, "title"] = "Nonsense"
    for column in ("direction", "ai_on_agenda"):
        events.loc[later, column] = events.loc[later, column].replace(TURNED)
    for column in ("date", "public_from", "first_us_trading_day", "first_asia_trading_day"):
        known = later & (events[column] != "")
        events.loc[known, column] = _shifted(events.loc[known, column])
    # An event cannot end before it begins; the end of a later event may go.
    events.loc[later, "end_date"] = ""
    events.sort_values(["date", "event_id"]).to_csv(folder / "events.csv", index=False, lineterminator="\n")


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _nonsense(text: str) -> str:
    try:
        return repr(7.0 * float(text) + 1.0)
    except ValueError:
        return text


def _shifted(days: pd.Series) -> pd.Series:
    """Return the days a month later: still later than the day, and hardly ever the same."""
    return (pd.to_datetime(days) + pd.Timedelta(days=31)).dt.strftime("%Y-%m-%d")


def records(notebook: str, day: str, output: Path) -> list[dict[str, Any]]:
    """Execute a notebook as of a day on the data in use; return what it recorded."""
    papermill.execute_notebook(
        paths.notebooks_dir() / f"{notebook}.ipynb",
        output,
        parameters={"as_of": day},
        engine_name=papermill_engine.NAME,
        kernel_name="python3",
        progress_bar=False,
        cwd=paths.notebooks_dir(),
    )
    return notebooks.records(notebooks.read(output))
