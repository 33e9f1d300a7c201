"""A report of changes, written as JSON for machines, as Markdown for people, and as a page."""

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from helpers import paths
from summits import changes, notebooks
from summits.changes import Records

TOLD = ("run", "estimate", "before", "after", "intervals", "why")
OBSERVED = ("series", "new", "revised", "withdrawn", "first", "last", "largest revision, percent")
OVERLAP = {True: "overlap", False: "apart", None: ""}
_FOLDER = jinja2.FileSystemLoader(Path(__file__).parent)
TEMPLATES = jinja2.Environment(loader=_FOLDER, trim_blocks=True, lstrip_blocks=True)


def write(report: dict[str, Any], before: Records, after: Records) -> Path:
    """Write a report: `changes.json`, `changes.md`, `changes.html`, `observations.csv`; return the folder.

    Two comparisons of the same runs have the same folder, below `runs/_changes/`.
    """
    keys = [{run: record["key"] for run, record in each.items()} for each in (before, after)]
    folder = paths.runs_dir() / "_changes" / notebooks.digest(json.dumps(keys, sort_keys=True))[:12]
    folder.mkdir(parents=True, exist_ok=True)
    # Imported here, since it takes long and notebooks that show a report need no page.
    from nbconvert.filters import markdown2html

    markdown = as_markdown(report)
    pd.DataFrame(report["observations"]).to_csv(folder / "observations.csv", index=False, lineterminator="\n")
    (folder / "changes.json").write_text(as_json(report), encoding="utf-8")
    (folder / "changes.md").write_text(markdown, encoding="utf-8")
    page = filled("changes.html.jinja", body=markdown2html(markdown))
    (folder / "changes.html").write_text(page, encoding="utf-8")
    return folder


def as_json(report: dict[str, Any]) -> str:
    """The report for machines; observations by series, since `observations.csv` holds them all."""
    summed = _summed(report["observations"])
    rows = json.loads(summed.reset_index().to_json(orient="records")) if len(summed) else []
    return json.dumps(report | {"observations": rows}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _summed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return changes.by_series(pd.DataFrame(rows)) if rows else pd.DataFrame()


def as_markdown(report: dict[str, Any]) -> str:
    """The report for people."""
    observed = _summed(report["observations"]).reset_index()
    if len(observed):
        largest = observed["largest"].map("{:+.1f}".format, na_action="ignore").astype(object).fillna("")
        observed = observed.assign(largest=largest).set_axis(list(OBSERVED), axis=1)
    text = filled(
        "changes.md.jinja",
        **report,
        told=estimate_rows(report["estimates"]),
        told_columns=TOLD,
        by_series=observed.to_dict("records"),
        code=[{"run": run, "what": "; ".join(found)} for run, found in report["causes"].items()],
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def filled(template: str, **context: Any) -> str:
    """Fill a template of this folder."""
    return TEMPLATES.get_template(template).render(context).strip() + "\n"


def estimate_rows(estimates: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Estimates that moved, in words: intervals that lie apart first."""
    return [_told(each) for each in sorted(estimates, key=lambda each: each["overlap"] is not False)]


def _told(each: dict[str, Any]) -> dict[str, str]:
    found = each.get("attribution")
    steps = {name: found[name.replace(" ", "_")] for name in changes.CAUSES} if found else {}
    why = ", ".join(f"{name} {step:+.3g}" for name, step in steps.items() if step)
    if each.get("undivided"):
        why = f"not divided: {each['undivided']}"
    return {
        "run": each["run"],
        "estimate": each["name"],
        "before": _number(each["old"], each["unit"]) if each["kind"] != "new" else "not recorded",
        "after": _number(each["new"], each["unit"]) if each["kind"] != "gone" else "not recorded",
        "intervals": OVERLAP[each["overlap"]],
        "why": why,
    }


def _number(ends: list[float | None], unit: str) -> str:
    value, low, high = ends
    if value is None:
        return "not estimated"
    interval = f" [{low:.4g}, {high:.4g}]" if low is not None and high is not None else ""
    return f"{value:.4g}{interval} {unit}"
