"""Tables as a reader wants them: captioned, aligned, with the same bytes on every run."""

import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import display

from helpers import catalog, observations, timeline
from helpers.methods.verdict import VERDICTS
from helpers.observations import SeriesData

MISSING = "–"
MINUS = "\N{MINUS SIGN}"
# The hyphen before a number, but not in a date, an id, an option or code.
HYPHEN = re.compile(r"(?<![\w.,/–%#=`-])-(?=\d)")
TEXT_WIDTH = 60
# Characters up to which a cell is kept on one line, and from which on it is a sentence.
SHORT_CELL = 12
LONG_CELL = 40
# A link to another notebook or a page, as Markdown writes it: [words](09_restraint.ipynb#heading).
NOTEBOOK_LINK = re.compile(r"\[([^\]]+)\]\((\d\d_\w+\.ipynb[^)\s]*|https?://[^)\s]+)\)")
VERDICT_KEYS = {"claim", "verdict", "why", "value", "low", "high", "unit", "mde", "placebo_rank", "n"}
VERDICT_KEYS |= {"family_p", "spec_share", "where"}
Formats = Mapping[str, int | str] | None
RESTRICTIONS = {"ND": "NO DERIVATIVES", "NC": "NON-COMMERCIAL ONLY"}


class BadTable(ValueError):
    """A table that would mislead: the message says which row or column to mend."""


def show(df: pd.DataFrame, caption: str = "", formats: Formats = None, *, folded: bool = False) -> None:
    """Display a table as one output, in HTML and in plain text.

    Numbers are right-aligned with thousands separators; missing values are a dash; web addresses are links;
    the index is shown only if it names something. The bytes depend on the content alone.

    Parameters
    ----------
    df : DataFrame
    caption : str
        What the table shows, with unit and basis if all columns share them.
    formats : mapping of column to int or str, optional
        Number of decimals, or a format such as ``'{:.1%}'``. Without it, decimals follow the column's size.
    folded : bool
        Whether the caption stands alone in HTML until it is opened, as for tables on which only some look.

    Raises
    ------
    BadTable
        If `formats` names a column that the table does not have.
    """
    if not isinstance(df.index, pd.RangeIndex):
        df = df.reset_index(names=[name or "" for name in df.index.names])
    formats = formats or {}
    if unknown := sorted(map(str, set(formats) - set(df.columns))):
        raise BadTable(f"No column {unknown} to format: the columns are {list(map(str, df))}.")
    cells = pd.DataFrame({name: _cells(column, formats.get(name)) for name, column in df.items()})
    right = [_is_number(column) for _, column in df.items()]
    cells, caption = cells.map(true_minus), timeline.marked(true_minus(caption))
    table = _html(cells, right, "" if folded else caption)
    if folded:
        table = f"<details><summary>{html.escape(caption)}</summary>\n{table}\n</details>"
    display({"text/html": table, "text/plain": _text(cells, right, caption)}, raw=True)


def true_minus(text: str) -> str:
    """Write the hyphens before numbers as minus signs."""
    return HYPHEN.sub(MINUS, text)


def vintage_table(series: Iterable[SeriesData], caption: str = "Data and vintages") -> None:
    """Display what a notebook read: unit and basis, coverage, gaps, and the date of the values."""
    show(pd.DataFrame([_vintage_row(data) for data in series]), caption, folded=True)


def not_known_table(series_ids: Iterable[str], caption: str) -> None:
    """Display the series that were not public on the date asked for, or nothing if there are none."""
    titles = {name: catalog.series(name).title for name in series_ids}
    first = [observations.vintages(name).columns.min() for name in titles]
    if titles:
        show(pd.DataFrame({"Not known yet": titles.values(), "First known": first}), caption)


def sources_table(series: Iterable[SeriesData], events: pd.DataFrame | None = None) -> None:
    """Display the sources of the given series, one row each, and of the given events.

    The caption ends with a sha256 of the rows that these series and events are, and of no others.

    Parameters
    ----------
    series : iterable of SeriesData
    events : DataFrame, optional
        Rows of the event table, with title, source_title and source_url.

    Raises
    ------
    BadTable
        If a series names a source that the table of sources does not have.
    """
    series = list(series)
    titles: dict[str, list[str]] = {}
    for data in series:
        for source_id in data.sources:
            titles.setdefault(source_id, []).append(data.info.title)
    known = catalog.sources(list(titles))
    if missing := sorted(set(titles) - set(known.index)):
        raise BadTable(f"data/sources.csv has no row for {', '.join(missing)}: add it.")
    rows = [_source_row(known.loc[source_id], titles[source_id]) for source_id in sorted(titles)]
    for _, event in [] if events is None else events.sort_values("date", kind="stable").iterrows():
        use, address = f"{event['title']}, {event['date']:%Y-%m-%d}", event["source_url"]
        rows.append({"Publisher": event["source_title"], "Title": "", "Used for": use, "Address": address})
    parts = [pd.DataFrame({data.info.series_id: data.values, "vintage": data.vintages}) for data in series]
    parts += [] if events is None else [events]
    sha256 = hashlib.sha256("".join(part.to_csv() for part in parts).encode()).hexdigest()
    show(pd.DataFrame(rows), f"Sources and licences; rows used: sha256 {sha256[:16]}…", folded=True)


def verdict_table(rows: Iterable[Mapping], caption: str = "Verdicts") -> None:
    """Display what the evidence says of each question or claim.

    Parameters
    ----------
    rows : iterable of mapping
        Keys: `claim` (in plain words), `verdict` (one of the words of the verdict rule), `why`; and, where
        there is an estimate, `value`, `low`, `high`, `unit`, `mde` (minimum detectable effect, same unit),
        `placebo_rank` (share of placebo sets at least as extreme), `n` (units of inference), `family_p` (p
        within its family of tests), `spec_share` (share of specifications that support it), `where` (link).
    caption : str

    Raises
    ------
    BadTable
        If a row has an unknown key, no claim, no reason, or a verdict that the rule does not know.
    """
    table = pd.DataFrame([_verdict_row(row) for row in rows])
    # Columns that no row fills say nothing.
    show(table.loc[:, (table != MISSING).any()], caption)


def literature_table(question: str, caption: str = "What others have published on this question") -> None:
    """Display what has been published on a claim or on the question of a notebook, or that nothing is listed.

    Parameters
    ----------
    question : str
        Claim (``'C07'``) or number of a notebook (``'06'``).
    caption : str
    """
    papers = catalog.list_table("literature").fillna("")
    columns = ["claim_id", "notebooks"]
    listed = papers[[question in " ".join(words).split() for words in papers[columns].to_numpy()]]
    qualified = listed["bearing"] + listed["remark"].map(lambda text: f": {text}" if text else "")
    rows = {
        "Claim": listed["claim_id"],
        "Publication": listed["citation"] + " (" + listed["year"].astype(str) + ")",
        "Finds": listed["finding"],
        "Says of the claim": qualified,
        "What was read": listed["evidence"],
        "Address": listed["url"].replace("", "none seen"),
    }
    silent = pd.DataFrame({"Publication": [f"None listed on {question}: silent."]})
    show(pd.DataFrame(rows).reset_index(drop=True) if len(listed) else silent, caption)


def _vintage_row(data: SeriesData) -> dict:
    info, periods = data.info, data.values.index
    form = {"A": "%Y", "M": "%Y-%m"}.get(info.frequency, "%Y-%m-%d")
    seasonal = {"NSA": "not seasonally adjusted", "SA": "seasonally adjusted"}.get(info.seasonal, "")
    basis = [part for part in (info.unit, info.price_basis, seasonal) if part and part != "not applicable"]
    return {
        "Series": info.title,
        "Unit and basis": ", ".join(basis),
        "From": f"{periods[0]:{form}}",
        "To": f"{periods[-1]:{form}}",
        "Values": len(periods),
        "Missing": len(data.missing),
        "Known as of": f"{data.as_of if data.as_of is not None else data.vintages.max():%Y-%m-%d}",
        "Publisher": info.publisher,
    }


def _source_row(source: pd.Series, titles: list[str]) -> dict:
    restriction = RESTRICTIONS.get(source.get("licence_flag", ""))
    return {
        "Publisher": source["publisher"],
        "Title": source["title"],
        "Used for": "; ".join(dict.fromkeys(titles)),
        "Licence": f"{restriction}: {source['licence']}" if restriction else source["licence"],
        "Address": source["url"],
    }


def _verdict_row(row: Mapping) -> dict:
    complete = row.get("claim") and row.get("why") and row.get("verdict") in VERDICTS
    if set(row) - VERDICT_KEYS or not complete:
        raise BadTable(
            f"Verdict row {dict(row)}: give claim, why, and a verdict out of {', '.join(VERDICTS)}; "
            f"other keys are {', '.join(sorted(VERDICT_KEYS - {'claim', 'why', 'verdict'}))}."
        )
    unit = row.get("unit", "")
    return {
        "Question": row["claim"],
        "Verdict": timeline.marked(row["verdict"]),
        "Effect [95 % interval, or wider]": _effect(row, unit),
        "Minimum detectable": _with_unit(row.get("mde"), unit),
        "Placebo rank": significant(row.get("placebo_rank")),
        "Placebo p in family": significant(row.get("family_p")),
        "Specifications that support": _formatted(row.get("spec_share"), "{:.0%}"),
        "n": _formatted(row.get("n"), "{:,.0f}"),
        "Why": row["why"],
        "Where": row.get("where") or MISSING,
    }


def _effect(row: Mapping, unit: str) -> str:
    text, ends = _with_unit(row.get("value"), unit), [row.get("low"), row.get("high")]
    point = text == MISSING or any(map(_absent, ends))
    return text if point else f"{text} [{', '.join(map(significant, ends))}]"


def _formatted(value: Any, form: str) -> str:
    return MISSING if _absent(value) else form.format(value)


def _with_unit(value: Any, unit: str) -> str:
    return MISSING if _absent(value) else f"{significant(value)} {unit}".strip()


def fixed(value: float, decimals: int, sign: str = "") -> str:
    """Write a number with so many decimals, thousands separators and a true minus sign, none before a zero.

    Parameters
    ----------
    value : float
    decimals : int
    sign : {'', '+'}
        '+' writes the sign of a gain as well.
    """
    return f"{value:{sign}z,.{decimals}f}".replace("-", MINUS)


def significant(value: float | None) -> str:
    """Three significant digits, without exponent below a thousand million million."""
    if value is None or pd.isna(value):
        return MISSING
    if not 0 < abs(value) < 1e15:
        return f"{value:.3g}".replace("-", MINUS)
    return fixed(value, max(0, 2 - int(np.floor(np.log10(abs(value))))))


def signed(value: float, decimals: int = 0) -> str:
    """A number that always carries its sign, a true minus; what is written as zero carries none."""
    text = fixed(value, decimals, "+")
    return text if _has_size(text) else text[1:]


def _has_size(text: str) -> bool:
    return any(digit in text for digit in "123456789")


def _absent(value: Any) -> bool:
    return value is None or value == "" or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _cells(column: pd.Series, form: int | str | None) -> list[str]:
    if pd.api.types.is_datetime64_any_dtype(column):
        return [MISSING if pd.isna(day) else f"{day:%Y-%m-%d}" for day in column]
    if not _is_number(column):
        return [MISSING if _absent(cell) else str(cell) for cell in column]
    decimals = _decimals(column) if form is None else form
    pattern = decimals if isinstance(decimals, str) else f"{{:,.{decimals}f}}"
    texts = [MISSING if pd.isna(cell) else pattern.format(cell).replace("-", MINUS) for cell in column]
    # No minus sign before a number that is written as zero.
    return [text if _has_size(text) else text.removeprefix(MINUS) for text in texts]


def _decimals(column: pd.Series) -> int:
    if pd.api.types.is_integer_dtype(column):
        return 0
    sizes = column.abs()[np.isfinite(column.astype(float))]
    if sizes.empty or (sizes == sizes.round()).all():
        return 0
    return next(decimals for limit, decimals in ((1000, 0), (100, 1), (1, 2), (0, 3)) if sizes.max() >= limit)


def _html(cells: pd.DataFrame, right: list[bool], caption: str) -> str:
    styles = map(_column_style, [cells[name] for name in cells], right)
    sides = {name: f'style="{style}"' for name, style in zip(cells, styles, strict=True)}
    head = [f'<th scope="col" {side}>{html.escape(str(name))}</th>' for name, side in sides.items()]
    lines = ['<div style="overflow-x: auto">', '<table class="summits">']
    if caption:
        lines.append(f'<caption style="caption-side: top; text-align: left">{html.escape(caption)}</caption>')
    lines += [f"<thead><tr>{''.join(head)}</tr></thead>", "<tbody>"]
    for row in cells.itertuples(index=False, name=None):
        data = (f"<td {side}>{_html_cell(text)}</td>" for text, side in zip(row, sides.values(), strict=True))
        lines.append(f"<tr>{''.join(data)}</tr>")
    return "\n".join([*lines, "</tbody>", "</table>", "</div>"])


def _column_style(cells: pd.Series, number: bool) -> str:
    """Keep dates and numbers on one line, and sentences wide enough to read: the table scrolls instead."""
    longest = cells.map(len).max()
    if number:
        return "text-align: right"
    if longest <= SHORT_CELL:
        return "text-align: left; white-space: nowrap"
    return "text-align: left; min-width: 16em" if longest >= LONG_CELL else "text-align: left"


def _html_cell(text: str) -> str:
    safe = html.escape(text)
    if text.startswith(("https://", "http://")) and " " not in text:
        host = html.escape(text.split("/")[2])
        return f'<a href="{safe}">{host}</a>'
    return NOTEBOOK_LINK.sub(r'<a href="\2">\1</a>', safe)


def _text(cells: pd.DataFrame, right: list[bool], caption: str) -> str:
    columns = []
    for name, number in zip(cells, right, strict=True):
        texts = [str(name), *(NOTEBOOK_LINK.sub(r"\1", text) for text in cells[name])]
        texts[1:] = [text if len(text) <= TEXT_WIDTH else text[: TEXT_WIDTH - 1] + "…" for text in texts[1:]]
        width = max(map(len, texts))
        columns.append([text.rjust(width) if number else text.ljust(width) for text in texts])
    lines = ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]
    return "\n".join([caption, *lines] if caption else lines)
