"""Chip trade: customs series, billings as growth, FRED activity and press figures."""

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
# The spliced series of the figures took 2012 and 2020-12 from this copy, which is also there in full as its own series.
ROUNDED_COPY = "comtrade_via_infer"
ROUNDED_TO = 1_000_000
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
    rows = append_changes(rows)
    return to_growth(rows), catalogue(rows)


def to_growth(rows: pd.DataFrame) -> pd.DataFrame:
    """Replace the levels of WSTS and SIA by the percent change on the previous month; their licence bars levels."""
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
    """Return one catalogue row per series: hand-written where there is one, else composed from the id."""
    authored = metadata("trade_series").drop(columns=["figures_id", "scale"])
    authored = authored[authored["title"] != ""].set_index("series_id")
    cautions = metadata("trade_series").set_index("figures_id")["caution"]
    result = []
    for series_id in sorted(rows["series_id"].unique()):
        row = composed(series_id)
        if series_id in authored.index:
            row |= {name: text for name, text in authored.loc[series_id].items() if text}
        row["caution"] = SPECIAL_CAUTIONS.get(series_id) or cautions.get(series_id) or row["caution"]
        row["frequency"] = "A" if series_id.endswith("_annual") else "M"
        row["stored_as"] = "growth" if row["unit"].startswith("percent change") else "level"
        result.append(row)
    return pd.DataFrame(result)


SPECIAL_CAUTIONS = {
    "us_exp_cn_hs8542": (
        "Three vintages: January 2021, the 2022 copy and 2026. November 2017, the month of the Beijing summit, is "
        "revised between them. Accelerators made abroad and shipped from there are not in US exports."
    ),
    "us_exp_cn_hs8486": (
        "December 2020 is missing and stays missing. Values before 2021 come from a product list that agrees with the "
        "full heading but was not drawn from it."
    ),
    "us_exp_cn_hs8541": "One source, which may cover a subset of products; ends in November 2020.",
    "us_exp_cn_hs8471": "One source, which may cover a subset of products; ends in November 2020.",
    "us_exp_cn_hs8473": "One source, which may cover a subset of products; ends in November 2020.",
    "nl_exp_cn_hs8486": "A few lithography tools make a month: use three-month sums. Values are in euros.",
    "kr_exp_world_hs8542": "Memory prices drive the surge of 2025-26. Figures of 2026 are provisional.",
    "kr_exp_cn_hs8542": "Memory prices drive the surge of 2025-26. Figures of 2026 are provisional.",
    "cn_imp_from_tw_hs8542": "October 2012 to December 2015 are missing; ends in December 2023.",
}
CURRENCIES = {"nl": "EUR", "de": "EUR", "eu27": "EUR", "jp": "JPY"}
COMTRADE = ("UN Comtrade", "Value as reported by the customs of the country, in US dollars", "comtrade")


def composed(series_id: str) -> dict[str, str]:
    """Compose the catalogue row of an id such as ``us_exp_cn_hs8542`` or ``cn_imp_from_tw_hs8542``."""
    row = {
        "series_id": series_id,
        "table": "trade",
        "unit": "USD",
        "currency": "",
        "price_basis": "nominal",
        "seasonal": "NSA",
        "averaging": "none",
        "entity": "",
        "reporter": "",
        "partner": "",
        "flow": "",
        "product": "",
        "basket": "",
        "caution": "",
        "loader": "",
    }
    places = metadata("places").set_index("code")
    parts = series_id.removesuffix("_annual").replace("_imp_from_", "_imp_").split("_", 3)
    if parts[0] not in places.index or parts[1] not in FLOWS or len(parts) < 4 or parts[2] not in places.index:
        return row | ({"reporter": "United States", "flow": "import"} if series_id.startswith("us_imp") else {})
    reporter, flow, partner, product = parts[0], FLOWS[parts[1]], parts[2], parts[3]
    products = metadata("products").set_index("code")
    words = products.loc[product, "words"] if product in products.index else ""
    direction = {"export": "exports to", "import": "imports from"}[flow]
    partner_name = "the world" if partner == "world" else places.loc[partner, "name"]
    annual = series_id.endswith("_annual")
    own_source = not (annual or flow == "import") or series_id == "kr_imp_world_hs8542"
    if partner == "world" and flow == "export" and reporter != "kr":
        own_source = product == "total_goods"
    if reporter == "tw":
        own_source = True
    if reporter == "us" and partner not in ("cn", "world") and product == "hs8542":
        own_source = False
    if reporter == "kr" and product == "hs8486":
        own_source = False
    body, basis, loader = tuple(places.loc[reporter, ["publisher", "basis", "loader"]]) if own_source else COMTRADE
    currency = CURRENCIES.get(reporter, "USD") if partner == "cn" and not annual else "USD"
    return row | {
        "title": f"{places.loc[reporter, 'reporter_words']} {direction} {partner_name}, {words}"
        + (", annual" if annual else ""),
        "unit": currency,
        "currency": currency,
        "entity": places.loc[reporter, "name"],
        "reporter": places.loc[reporter, "name"],
        "partner": places.loc[partner, "name"],
        "flow": flow,
        "product": product.replace("hs", "HS ").replace("total_goods", "all goods"),
        "basket": products.loc[product, "basket"] if product in products.index else "",
        "publisher": body,
        "definition": f"{basis}. {'Year' if annual else 'Month'} of the trade, not seasonally adjusted.",
        "caution": "Values, not quantities: prices move them."
        if own_source
        else "Fragments from Comtrade copies: months or years are missing.",
        "loader": loader,
    }
