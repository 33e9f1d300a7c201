"""A report of changes, written as JSON for machines, as Markdown for people, and as a page."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import paths
from summits import changes, notebooks
from summits.changes import Records

ROWS_SHOWN = 60
TOLD = ("run", "estimate", "before", "after", "intervals", "why")
OBSERVED = ("series", "new", "revised", "withdrawn", "first", "last", "largest revision, percent")
OVERLAP = {True: "overlap", False: "apart", None: ""}


def write(report: dict[str, Any], before: Records, after: Records) -> Path:
    """Write a report: `changes.json`, `changes.md`, `changes.html`, `observations.csv`; return the folder.

    Two comparisons of the same runs have the same folder, below `runs/_changes/`.
    """
    keys = [{run: record["key"] for run, record in each.items()} for each in (before, after)]
    folder = paths.runs_dir() / "_changes" / notebooks.digest(json.dumps(keys, sort_keys=True))[:12]
    folder.mkdir(parents=True, exist_ok=True)
    markdown = as_markdown(report)
    pd.DataFrame(report["observations"]).to_csv(folder / "observations.csv", index=False, lineterminator="\n")
    (folder / "changes.json").write_text(as_json(report), encoding="utf-8")
    (folder / "changes.md").write_text(markdown, encoding="utf-8")
    (folder / "changes.html").write_text(_page(markdown), encoding="utf-8")
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
    if not report["changed"]:
        return f"# What changed\n\nNothing: {report['runs']['compared']} runs are as they were.\n"
    parts = ["# What changed", _summary(report)]
    parts += _section("Verdicts that flipped", report["verdicts"], ["run", "name", "old", "new"])
    parts += _section("Estimates that moved", estimate_rows(report["estimates"]), list(TOLD))
    parts += _section("Observations", _observation_rows(report["observations"]), list(OBSERVED))
    parts += _section("Events", report["events"], ["event_id", "kind", "field", "old", "new"])
    parts += _section("Other tables, in rows", report["tables"], ["table", "added", "removed"])
    code = [{"run": run, "what": "; ".join(found)} for run, found in report["causes"].items()]
    parts += _section("Code, parameters and packages", code, ["run", "what"])
    if report["not_kept"]:
        parts.append(
            "Tables that changed, whose old content is not kept: " + ", ".join(report["not_kept"]) + "."
        )
    return "\n\n".join(parts) + "\n"


def _summary(report: dict[str, Any]) -> str:
    kinds = pd.Series([each["kind"] for each in report["observations"]], dtype=str).value_counts()
    moved = [each for each in report["estimates"] if each["kind"] == "moved"]
    apart = sum(each["overlap"] is False for each in moved)
    lines = [
        f"{report['runs']['compared']} runs compared; new: {', '.join(report['runs']['new']) or 'none'}; "
        f"gone: {', '.join(report['runs']['gone']) or 'none'}.",
        f"{kinds.get('new', 0)} new and {kinds.get('revised', 0)} revised observations; "
        f"{len({each['event_id'] for each in report['events']})} events new or edited.",
        f"{len(moved)} estimates moved, {apart} of them to an interval that does not overlap the old one; "
        f"{len(report['verdicts'])} verdicts flipped.",
    ]
    return "\n".join(f"- {line}" for line in lines)


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


def _observation_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    parts = ("new", "revised", "withdrawn", "first", "last")
    return [
        dict(zip(OBSERVED, (series, *row[list(parts)]), strict=False))
        | {OBSERVED[-1]: "" if pd.isna(row["largest"]) else f"{row['largest']:+.1f}"}
        for series, row in _summed(rows).iterrows()
    ]


def _section(title: str, rows: list[dict[str, Any]], columns: list[str]) -> list[str]:
    if not rows:
        return []
    shown = rows[:ROWS_SHOWN]
    lines = [
        columns,
        ["---"] * len(columns),
        *([_cell(row.get(column, "")) for column in columns] for row in shown),
    ]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    left = f"\n\n{len(rows) - len(shown)} more in `changes.json`." if len(rows) > len(shown) else ""
    return [f"## {title}", table + left]


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>What changed</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;display:block;overflow-x:auto}}
td,th{{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}}
</style></head><body>{body}</body></html>
"""


def _page(markdown: str) -> str:
    from nbconvert.filters import markdown2html

    return PAGE.format(body=markdown2html(markdown))
