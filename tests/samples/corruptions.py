"""Damage to the data package that a new descriptor hides: each must be found in what the tables say."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from helpers import catalog, schema
from samples import package
from summits import validation

Damage = Callable[[Path], None]
PERIODS_KEPT = 14
TABLES_KEPT = ("billings", "capex", "exchange_rates", "factors", "frontier", "indices", "publications")
TABLES_KEPT += ("returns", "revenue", "trade")
# Of the flows of trade, those that the claims name are among these exports.
FLOWS = "^(?:us|kr|nl|jp|de|sg|eu27)_exp_(?:cn|world)_hs"
MONTHLY = (
    "us_exp_cn_hs8542",
    "nl_exp_cn_hs8486",
    "kr_exp_cn_hs8542",
    "jp_exp_cn_hs8486",
    "us_imp_from_tw_hs8542",
)
OTHERS = (
    "capex_ppe_cash_quarterly_microsoft",
    "tsmc_monthly_revenue",
    "usdcny",
    "running_max_training_compute_us",
)


def small(folder: Path) -> Path:
    """Write a part of the real package as if released so: ten tables, their latest periods, short lists."""
    shutil.copytree(package.REAL, folder, ignore=shutil.ignore_patterns("build", "receipts"))
    series = catalog.read_text_table(folder / "series.csv")
    series["table"] = series["table"].map(_together)
    series = series[series["table"].isin(TABLES_KEPT)]
    flows = series["series_id"].str.contains(FLOWS) | series["series_id"].isin(MONTHLY)
    series = series[flows | (series["table"] != "trade")]
    package.store(series, folder / "series.csv")
    for file in (folder / "lists").glob("*.csv"):
        package.store(catalog.read_text_table(file).head(12), file)
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES_KEPT}
    for file in sorted((folder / "observations").glob("*.csv")):
        if (name := _together(file.stem)) in tables:
            tables[name].append(catalog.read_text_table(file).groupby("series_id").tail(PERIODS_KEPT))
        file.unlink()
    for name, parts in tables.items():
        rows = pd.concat(parts).sort_values(list(schema.OBSERVATIONS.key))
        rows = rows[rows["series_id"].isin(series["series_id"])]
        package.store(rows, folder / "observations" / f"{name}.csv")
    validation.release(folder)
    return folder


def _together(table: str) -> str:
    """Name one table for the returns of all groups: the check takes each file in turn."""
    return "returns" if table.startswith("returns_") else table


def edit(file: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Damage:
    """Change a table and describe the package anew."""

    def damage(folder: Path) -> None:
        package.store(change(catalog.read_text_table(folder / file)), folder / file)
        validation.describe(folder)

    return damage


def cell(file: str, key: str, **cells: str) -> Damage:
    """Set cells of the row whose first cell is `key`."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[table.iloc[:, 0] == key, list(cells)] = list(cells.values())
        return table

    return edit(file, change)


def value(series_id: str, place: int, new: Callable[[float], object]) -> Damage:
    """Change the value of one period of a series, counted from the end; 0 changes all."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        rows = table.index[table["series_id"] == series_id]
        for row in rows if place == 0 else rows[[-place]]:
            table.loc[row, "value"] = str(new(float(table.loc[row, "value"])))
        return table

    return edit(_file(series_id), change)


def lose(series_id: str, first: int, last: int | None) -> Damage:
    """Remove rows of a series."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        return table.drop(table.index[table["series_id"] == series_id][first:last])

    return edit(_file(series_id), change)


def _file(series_id: str) -> str:
    return f"observations/{_together(catalog.series(series_id).table)}.csv"


def moved(event_id: str, days: int) -> Damage:
    """Move an event, with the trading days that follow from it."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        row = table["event_id"] == event_id
        for column in ("date", "end_date", "public_from", "anticipated_from"):
            shifted = pd.to_datetime(table.loc[row, column].replace("", None)) + pd.Timedelta(days=days)
            table.loc[row, column] = shifted.dt.strftime("%Y-%m-%d").fillna("")
        derived = validation.first_sessions(table)
        return table.assign(**{name: derived[name] for name in derived}).sort_values("date", kind="stable")

    return edit("events.csv", change)


def descriptor(change: Callable[[dict], object]) -> Damage:
    """Change the descriptor itself."""

    def damage(folder: Path) -> None:
        content = json.loads((folder / "datapackage.json").read_text())
        change(content)
        (folder / "datapackage.json").write_text(json.dumps(content))

    return damage


def damages() -> Iterator[tuple[str, Damage]]:
    """Yield each damage with its name; names start with the kind."""
    for series_id in MONTHLY:
        for column, text in {
            "unit": "USD million",
            "partner": "Mexico",
            "reporter": "Thailand",
            "product": "HS 9503",
            "seasonal": "SA",
            "redistribution": "derived",
            "licence_flag": "ND",
            "stored_as": "growth",
            "frequency": "A",
            "price_basis": "index",
        }.items():
            yield f"catalogue {column}: {series_id}", cell("series.csv", series_id, **{column: text})
        other = "import" if "_exp_" in series_id else "export"
        yield f"catalogue flow: {series_id}", cell("series.csv", series_id, flow=other)
        yield f"catalogue currency: {series_id}", cell("series.csv", series_id, unit="CHF", currency="CHF")
    for series_id in ("wsts_billings_world", "change_VIX", "return_NVDA", "aiidx2026_ai_patents_granted_us"):
        yield (
            f"licence loosened: {series_id}",
            cell("series.csv", series_id, redistribution="open", licence_flag=""),
        )
    for series_id in (*MONTHLY, *OTHERS):
        yield f"value × 10000: {series_id}", value(series_id, 5, lambda each: each * 1e4)
        yield f"value / 10000: {series_id}", value(series_id, 5, lambda each: each / 1e4)
        yield f"value negative: {series_id}", value(series_id, 4, lambda each: -each)
        yield f"value 1e308: {series_id}", value(series_id, 3, lambda each: 1e308)
        yield f"value of 300 digits: {series_id}", value(series_id, 3, lambda each: "9" * 300)
        yield f"last rows lost: {series_id}", lose(series_id, -6, None)
        yield f"first rows lost: {series_id}", lose(series_id, 0, 6)
        yield f"rows lost in the middle: {series_id}", lose(series_id, -9, -7)
    for series_id in (
        "capex_ppe_cash_fiscal_year_amazon",
        "cset_ai_patents_submitted_cn",
        "kr_exp_world_hs8542_annual",
    ):
        yield f"yearly negative: {series_id}", value(series_id, 2, lambda each: -each)
        yield f"yearly 1e308: {series_id}", value(series_id, 2, lambda each: 1e308)
        yield f"yearly lost: {series_id}", lose(series_id, -3, -2)
    for series_id in ("usdcny", "eur_per_usd", "jpy_per_usd"):
        yield f"rate turned round: {series_id}", value(series_id, 0, lambda each: 1 / each)
        yield f"rate × 100: {series_id}", value(series_id, 3, lambda each: each * 100)
    yield "one rate turned round: usdcny", value("usdcny", 4, lambda each: 1 / each)
    for series_id in ("running_max_training_compute_cn", "eci_running_max_us"):
        for place in (2, 5):
            yield (
                f"running maximum falls {place}: {series_id}",
                value(series_id, place, lambda each: each * 0.7),
            )
    for series_id in ("return_NVDA", "return_GSPC", "factor_mkt_rf"):
        for new in (0.9, -0.5, 14.2, -1.5):
            yield f"return of {new}: {series_id}", value(series_id, 3, lambda each, new=new: new)
    for new in (-150.0, -100.0):
        yield (
            f"growth of {new}: wsts_billings_world",
            value("wsts_billings_world", 3, lambda each, new=new: new),
        )
    for series_id in ("return_NVDA", "change_VIX", "factor_smb"):

        def weekend(table: pd.DataFrame, series_id: str = series_id) -> pd.DataFrame:
            row = table.index[table["series_id"] == series_id][-1]
            table.loc[row, ["period", "vintage"]] = ["2026-09-05", "2026-09-06"]
            return table

        yield f"weekend: {series_id}", edit(_file(series_id), weekend)
    for event_id in ("summit-lima-2024", "ec-oct7-2022", "truce-geneva-2025-05", "summit-beijing-2026"):
        yield f"event moved: {event_id}", moved(event_id, 31)
        yield f"event moved by a day: {event_id}", moved(event_id, 1)
        yield f"event of another category: {event_id}", cell("events.csv", event_id, category="investment")
        yield f"event title runs: {event_id}", cell("events.csv", event_id, title="<script>alert(1)</script>")
        yield f"event formula: {event_id}", cell("events.csv", event_id, summary='=HYPERLINK("x")')
        yield f"event link: {event_id}", cell("events.csv", event_id, title="<https://evil.example/x>")
    yield "event gone", edit("events.csv", lambda table: table.drop(index=10))
    for name, sign in {"zero width": "\u200b", "right to left": "\u202e", "homoglyph": "\u0441"}.items():
        for series_id in ("us_exp_cn_hs8542", "usdcny"):

            def odd(table: pd.DataFrame, series_id: str = series_id, sign: str = sign) -> pd.DataFrame:
                table["series_id"] = table["series_id"].replace(series_id, series_id + sign)
                return table

            def both(folder: Path, series_id: str = series_id, odd: Callable = odd) -> None:
                edit("series.csv", odd)(folder)
                edit(_file(series_id), odd)(folder)

            yield f"{name} in an id: {series_id}", both
    yield "toys among chips", cell("baskets.csv", "chips", hs_code="9503")
    for name in ("models", "eci_models", "hardware"):
        yield (
            f"a row twice: {name}",
            edit(f"lists/{name}.csv", lambda table: pd.concat([table, table.iloc[[3]]])),
        )
    yield (
        "schema of the descriptor",
        descriptor(lambda all_: all_["resources"][2]["schema"]["fields"][0].update(type="number")),
    )
    yield (
        "licence in the descriptor",
        descriptor(
            lambda all_: next(each for each in all_["resources"] if each.get("licenses"))["licenses"][
                0
            ].update(title="CC0")
        ),
    )
    yield "a resource twice", descriptor(lambda all_: all_["resources"].append(all_["resources"][1]))
    yield "title of the package", descriptor(lambda all_: all_.update(title="Other"))
    yield "receipts broken", lambda folder: _broken_receipt(folder)


def _broken_receipt(folder: Path) -> None:
    (folder / "receipts").mkdir()
    (folder / "receipts" / "status.json").write_text('{"fred": ')
