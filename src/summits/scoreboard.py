"""What notebooks recorded, read by other notebooks.

Records are read from the published run of a notebook, or from the committed notebook where that run is absent
or out of date. Both carry the hash of all they were made from: source, parameters, data, helper code, and the
same of the runs they read. If neither matches what is here now, that is an error which names the run to do.
"""

from pathlib import Path

import pandas as pd

from helpers import records
from summits import notebooks, plan


class StaleRecord(ValueError):
    """A record that is missing or out of date; the message names the run to do."""


def read(notebook: str, as_of: str = "") -> pd.DataFrame:
    """Read the records of every notebook that `notebook` needs, as collection.yml says.

    Parameters
    ----------
    notebook : str
        The notebook that reads.
    as_of : str
        Read runs as of this day; the published ones if empty.

    Returns
    -------
    DataFrame
        As `helpers.records.read`, with `place`, the heading above the cell.

    Raises
    ------
    StaleRecord
        If a notebook has no current result, or two of them record the same result of a claim test.
    """
    needed = plan.collection()[notebook].get("needs", [])
    # As of a day there is one run of each: that of a named set, if one has these parameters.
    runs = plan.plan(needed, [f"as_of={as_of}"] if as_of else [])
    by_notebook = {run.notebook: run for run in runs if as_of or run.set == plan.PUBLISHED}
    due = [by_notebook[name] for name in needed]
    table = pd.concat([_with_headings(_current(run), run.notebook) for run in due], ignore_index=True)
    of_claims = table[table["name"].str.match(r"[CH]\d\d")]
    twice = of_claims[of_claims.duplicated("name", keep=False)]
    if len(twice):
        raise StaleRecord(
            f"{twice['name'].iloc[0]} is recorded by {' and by '.join(twice['notebook'].iloc[:2])}: "
            "rename it in one of them and run that notebook."
        )
    return table


def _current(run: plan.Run) -> Path:
    """Return the result of a run that was made from what is here now; a published run has two places."""
    committed = [run.source] if run.set == plan.PUBLISHED else []
    for candidate in filter(Path.exists, (run.directory / "notebook.ipynb", *committed)):
        if notebooks.read(candidate)["metadata"].get(notebooks.MADE_FROM) == run.made_from:
            return candidate
    way = "--publish" if committed else " ".join(f"-p {name}={value}" for name, value in run.given.items())
    raise StaleRecord(
        f"{run.notebook}: its records are missing, or were made from another notebook, other data, other "
        f"parameters or other helper code. Do `summits run {run.notebook} {way}`."
    )


def _with_headings(path: Path, name: str) -> pd.DataFrame:
    table, notebook = records.read(path), notebooks.read(path)
    headings = [notebooks.heading_above(notebook, cell - 1) for cell in table["cell"]]
    # The result of every run has the same file name.
    return table.assign(notebook=name, place=headings)
