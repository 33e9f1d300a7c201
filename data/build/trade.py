"""Chip trade: customs series, billings as growth, FRED activity and press figures."""

import re
from pathlib import Path

import pandas as pd
from tables import append_changes, metadata, number, period, read, vintages

FILES = (
    "annual_chip_trade",
    "china_ic_press_observations",
    "comtrade_hs8542_monthly_2024_2025",
    "fred_semiconductor_activity",
    "imports_from_taiwan_hs8542",
    "korea_chip_trade",
    "partner_exports_to_china_hs8486_hs8542",
    "us_ai_related_imports",
    "us_chip_exports_to_china",
    "us_total_exports_by_partner",
    "wsts_sia_billings",
)
# The spliced series of the figures took 2012 and 2020-12 from this copy, which is also there in full.
ROUNDED_COPY = "comtrade_via_infer"
ROUNDED_TO = 1_000_000
# Sums of the products of the Phase One agreement; where they agree with the full heading they stand for it.
PHASE_ONE = "census_via_waugh2021"
PHASE_ONE_APART = 2_000_000
FLOWS = {"exp": "export", "imp": "import"}


def build(figures: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the observations and the catalogue rows of the trade domain."""
    rows = pd.concat([read(figures / "chip_trade" / f"{name}.csv") for name in FILES], ignore_index=True)
    spliced = (rows["series_id"] == "us_exp_cn_hs8542") & (rows["source_id"] == ROUNDED_COPY)
    rows = rows[~spliced].copy()

    authored = metadata("trade_series").set_index("figures_id")
    figures_id = rows["series_id"]
    rows["series_id"] = figures_id.map(authored["series_id"]).fillna(figures_id)
    rows["value"] = [
        number(value, scale)
        for value, scale in zip(rows["value"], figures_id.map(authored["scale"]).fillna("1"), strict=True)
    ]
    rows["vintage"] = vintages(rows)
    frequency = rows["series_id"].map(lambda name: "A" if name.endswith("_annual") else "M")
    rows["period"] = rows["date"].str[:7].where(frequency == "M", period(rows["date"], "A"))
    rows["rounded_to"] = (rows["source_id"] == ROUNDED_COPY) * ROUNDED_TO
    rows = append_changes(two_definitions(rows))
    return to_growth(rows), catalogue(rows)


def two_definitions(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the product sums of heading 8542 their own series; drop them where the heading differs."""
    is_sum = (rows["series_id"] == "us_exp_cn_hs8542") & (rows["source_id"] == PHASE_ONE)
    sums = rows[is_sum].assign(series_id="us_exp_cn_hs8542_phase_one")
    heading = rows[(rows["series_id"] == "us_exp_cn_hs8542") & (rows["source_id"] == ROUNDED_COPY)]
    heading = heading.set_index("period")["value"].astype(float)
    apart = (rows["value"].astype(float) - rows["period"].map(heading)).abs() > PHASE_ONE_APART
    return pd.concat([rows[~(is_sum & apart)], sums], ignore_index=True)


def to_growth(rows: pd.DataFrame) -> pd.DataFrame:
    """Replace WSTS and SIA levels by the percent change on the previous month: the licence bars levels."""
    is_billing = rows["series_id"].str.startswith(("wsts_", "sia_"))
    billings = rows[is_billing].copy()
    level = billings["value"].astype(float)
    month = pd.PeriodIndex(billings["period"], freq="M").astype("int64")
    by_series = billings["series_id"]
    growth = (level / level.groupby(by_series).shift() - 1) * 100
    follows = pd.Series(month, index=billings.index).groupby(by_series).diff() == 1
    billings["value"] = growth.map(lambda value: format(value, ".8g"))
    return pd.concat([rows[~is_billing], billings[follows]])


def catalogue(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one catalogue row per series: composed from the id, then overwritten by what is hand-written."""
    authored = metadata("trade_series")
    authored = authored[(authored["title"] != "") | (authored["caution"] != "")].set_index("series_id")
    authored = authored.drop(columns=["figures_id", "scale"])
    result = []
    for series_id, sources in rows.groupby("series_id")["source_id"]:
        row = composed(series_id, sources.iloc[0])
        if series_id in authored.index:
            row |= {name: text for name, text in authored.loc[series_id].items() if text}
        row["frequency"] = "A" if series_id.endswith("_annual") else "M"
        row["stored_as"] = "growth" if row["unit"].startswith("percent change") else "level"
        result.append(row)
    return pd.DataFrame(result)


CURRENCIES = {"nl": "EUR", "de": "EUR", "eu27": "EUR", "jp": "JPY"}


BLANK = dict.fromkeys(
    ["currency", "entity", "reporter", "partner", "flow", "product", "basket", "caution", "loader"], ""
)


def composed(series_id: str, source_id: str) -> dict[str, str]:
    """Compose the catalogue row of an id such as ``us_exp_cn_hs8542`` or ``cn_imp_from_tw_hs8542``."""
    row = BLANK | {
        "series_id": series_id,
        "table": "trade",
        "price_basis": "nominal",
        "seasonal": "NSA",
        "averaging": "none",
    }
    trade_id = re.fullmatch(
        r"([a-z0-9]+)_(exp|imp)_(?:from_)?([a-z0-9]+)_(hs\d+|total_goods)(_annual)?", series_id
    )
    if not trade_id:
        return row | (
            {"reporter": "United States", "flow": "import"} if series_id.startswith("us_imp") else {}
        )
    reporter, flow, partner, product, annual = trade_id.groups()
    place, other = metadata("places").set_index("code").loc[[reporter, partner]].to_dict("records")
    words = metadata("products").set_index("code").loc[product]
    # The US figures on Comtrade are the ones of the Census Bureau.
    publisher = "census" if reporter == "us" and not annual and flow == "exp" else source_id.split("_")[0]
    body = metadata("trade_publishers").set_index("source").loc[publisher]
    currency = CURRENCIES.get(reporter, "USD") if publisher in ("eurostat", "estat") else "USD"
    direction = {"exp": "exports to", "imp": "imports from"}[flow]
    return row | {
        "title": f"{place['adjective']} {direction} {other['in_text']}, {words['words']}"
        + (", annual" if annual else ""),
        "unit": currency,
        "currency": currency,
        "entity": place["name"],
        "reporter": place["name"],
        "partner": other["name"],
        "flow": FLOWS[flow],
        "product": words["product"],
        "basket": words["basket"],
        "publisher": body["publisher"],
        "definition": body[FLOWS[flow]],
        "caution": body["caution"],
        "loader": body["loader"],
    }
