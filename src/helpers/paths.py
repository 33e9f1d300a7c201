"""Where the checkout and the data package lie, and the settings that move them."""

import os
from pathlib import Path

# Where an executed notebook keeps what is known of a figure, among the forms of its output.
FIGURE_MIME = "application/vnd.summits.figure+json"


ROOT = Path(__file__).resolve().parents[2]


def root() -> Path:
    """Return the top folder of the checkout."""
    return ROOT


def data_dir() -> Path:
    """Return the data package: the folder named by ``SUMMITS_DATA``, or ``data`` in the checkout.

    Raises
    ------
    FileNotFoundError
        If the variable is not set and there is no checkout, as after an installation from a wheel.
    """
    if named := os.environ.get("SUMMITS_DATA"):
        return Path(os.path.abspath(named))
    folder = root() / "data"
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no data package at {folder}. Set SUMMITS_DATA to it.")
    return folder


def runs_dir() -> Path:
    """Return the folder of executed runs: the one named by ``SUMMITS_RUNS``, or ``runs`` in the checkout."""
    return Path(os.path.abspath(os.environ.get("SUMMITS_RUNS") or root() / "runs"))


def notebooks_dir() -> Path:
    """Return the folder of the notebook collection."""
    return root() / "notebooks"
