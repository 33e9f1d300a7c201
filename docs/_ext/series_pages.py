"""A page for every series with a small chart, and the values of all series for programs and the explorer.

``api/index.json`` lists what there is; ``api/<table>.json`` holds the latest value of every period, packed
(``.json.gz``) where values are daily. Browsers let no page
that was opened from a disk read a file, but they run a script beside it: ``api/<table>.js`` is the same file,
packed for the explorer.
"""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import lists
import numpy as np
import pandas as pd
from sphinx.application import Sphinx

from helpers import catalog

WIDE, HIGH, LEFT, TOP, BOTTOM = 640, 200, 8, 18, 22
COLUMNS = 160  # a longer series is drawn by its least and its largest value in so many columns
GAPS = {"D": 12, "M": 45, "Q": 120, "H": 240, "A": 500, "E": 0}  # days after which a line is broken


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the files when the builder begins, and the pages with all others."""
    app.connect("builder-inited", lambda app: write_values(Path(app.srcdir)), priority=200)
    app.connect("html-collect-pages", lambda app: pages(Path(app.srcdir)))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def pages(source: Path) -> Any:
    """Yield the page of every series: its address, what its template names, the template."""
    told = lists.context(source)
    series_of = dict(list(latest().groupby("series_id")))
    sources = {row["source_id"]: row for row in told["sources"]}
    for row in told["series"]:
        values = series_of.get(row["series_id"])
        read = (
            [] if values is None else [sources[key] for key in values["source_id"].unique() if key in sources]
        )
        drawn = "" if values is None else chart(values, row["frequency"])
        about = f"{row['title']}, {row['unit']}. {row['definition']}"
        file = next((Path(source) / "_extra" / "api").glob(f"{row['table']}.json*"), None)
        context = {
            "title": row["title"],
            "file": file.name if file else "",
            "row": row,
            "read": read,
            "chart": drawn,
            "description": about[:200],
        }
        yield f"series/{row['series_id']}", context, "series.html"


def latest() -> pd.DataFrame:
    """Return the latest vintage of every value, with its day on the clock."""
    rows = (
        lists.observations()
        .sort_values("vintage", kind="stable")
        .drop_duplicates(["series_id", "period"], keep="last")
    )
    frequency = catalog.catalogue()["frequency"]
    rows = rows.assign(
        frequency=rows["series_id"].map(frequency),
        value=pd.to_numeric(rows["value"], errors="coerce"),
        day=pd.to_datetime(rows["period"].str.slice(0, 10), format="ISO8601", errors="coerce"),
    )
    return rows.dropna(subset=["day", "value", "frequency"]).sort_values(["series_id", "day"], kind="stable")


def chart(values: pd.DataFrame, frequency: str) -> str:
    """Return a drawing of a series as an SVG element; a line is broken where periods are missing."""
    days = (values["day"] - values["day"].min()).dt.days.to_numpy(float)
    drawn = values["value"].to_numpy(float)
    low, high = min(drawn.min(), 0.0), max(drawn.max(), 0.0)
    high = high if high > low else low + 1
    x = LEFT + (WIDE - 2 * LEFT) * days / max(days.max(), 1)
    y = TOP + (HIGH - BOTTOM - TOP) * (high - drawn) / (high - low)
    pen = np.r_[True, np.diff(days) > GAPS[frequency]]
    if len(drawn) > 2 * COLUMNS:
        x, y, pen = _envelope(x, y, pen)
    path = "".join(f"{'M' if up else 'L'}{a:.0f} {b:.0f}" for a, b, up in zip(x, y, pen, strict=True))
    alone = pen & np.r_[pen[1:], True]
    dots = "".join(
        f'<circle cx="{a:.0f}" cy="{b:.0f}" r="3"/>' for a, b in zip(x[alone], y[alone], strict=True)
    )
    zero = TOP + (HIGH - BOTTOM - TOP) * high / (high - low)
    first, last, top = values["period"].iloc[0], values["period"].iloc[-1], int(drawn.argmax())
    highest = f"{values['period'].iloc[top]}: {_spoken(drawn[top])}"
    label = f"{first} to {last}; lowest {_spoken(drawn.min())}, highest {highest}, last {_spoken(drawn[-1])}"
    at_top = LEFT + (WIDE - 2 * LEFT) * days[top] / max(days.max(), 1)
    anchor = "end" if at_top > WIDE / 2 else "start"
    return (
        f'<svg class="chart" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{label}">'
        f'<path class="zero" d="M{LEFT} {zero:.0f}H{WIDE - LEFT}"/><path d="{path}"/>{dots}'
        f'<text x="{at_top:.0f}" y="11" text-anchor="{anchor}">highest, {highest}</text>'
        f'<text x="{LEFT}" y="{HIGH - 4}">{first}</text>'
        f'<text x="{WIDE - LEFT}" y="{HIGH - 4}" text-anchor="end">{last}: {_spoken(drawn[-1])}</text></svg>'
    )


def _spoken(value: float) -> str:
    scale, word = next(
        ((size, word) for size, word in ((1e9, "bn"), (1e6, "m")) if abs(value) >= size), (1, "")
    )
    return f"{value / scale:,.4g}{word}" if abs(value) < 1e4 or word else f"{value:,.0f}"


def _envelope(x: np.ndarray, y: np.ndarray, pen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keep the least and the largest value of each column, in their order."""
    column = (x / (WIDE / COLUMNS)).astype(int)
    kept = []
    for inside in np.split(np.arange(len(x)), np.flatnonzero(np.diff(column)) + 1):
        kept += sorted({inside[y[inside].argmin()], inside[y[inside].argmax()]})
    return x[kept], y[kept], np.r_[True, np.diff(x[kept]) > 12]


def write_values(source: Path) -> None:
    """Write the index, the events, and the values of every table below ``api/``."""
    folder = source / "_extra" / "api"
    folder.mkdir(parents=True, exist_ok=True)
    told = lists.context(source)
    values = latest()
    table_of = catalog.catalogue()["table"]
    held = values.groupby(values["series_id"].map(table_of))
    file_of = {
        str(table): f"{table}.json.gz" if (rows["frequency"] == "D").any() else f"{table}.json"
        for table, rows in held
    }
    for table, rows in held:
        parts = [block(part) for _, part in rows.groupby("frequency")]
        _write(folder, file_of[table], {"table": table, "values": parts})
    about = (
        "series_id",
        "title",
        "unit",
        "basis",
        "frequency",
        "table",
        "publisher",
        "licence",
        "licence_flag",
    )
    about += ("redistribution", "stored_as", "first", "last")
    events = ("event_id", "date", "label", "title", "category", "direction", "is_meeting")
    index = {
        "about": "The latest value of every period, to six significant digits; vintages are in the package.",
        "data_date": told["data_date"],
        "package": "../data/chips-and-summits-data.zip",
        "files": file_of,
        "series": [{name: row[name] for name in about} for row in told["series"] if row["periods"]],
        "events": [
            {name: row[name] for name in events}
            | {"date": f"{row['date']:%Y-%m-%d}", "dossier": row["event_id"] in told["dossiers"]}
            for row in told["events"]
        ],
    }
    _write(folder, "index.json", index)


def block(rows: pd.DataFrame) -> dict[str, Any]:
    """Return series of one frequency on common periods; a period without a value is null."""
    table = rows.pivot(index="period", columns="series_id", values="value").sort_index()
    numbers = {
        name: [None if pd.isna(value) else _short(value) for value in column]
        for name, column in table.items()
    }
    return {"frequency": rows["frequency"].iloc[0], "periods": list(table.index), "series": numbers}


def _short(value: float) -> float | int:
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() else rounded


def _write(folder: Path, name: str, content: dict[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    packed = gzip.compress(text.encode(), 9, mtime=0)
    if name.endswith(".gz"):
        (folder / name).write_bytes(packed)
    else:
        (folder / name).write_text(text, encoding="utf-8")
    stem = name.partition(".")[0]
    call = f'chipsAndSummits("{stem}","{base64.b64encode(packed).decode()}")\n'
    (folder / f"{stem}.js").write_text(call, encoding="utf-8")
