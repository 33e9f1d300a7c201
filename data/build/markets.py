"""Share returns, index returns, exchange rates, uncertainty indices and factors."""

from pathlib import Path

import pandas as pd
from tables import metadata, number, read, significant, vintages

CALENDARS = {"HKEX": "XHKG", "SSE STAR": "XSHG", "SZSE": "XSHG"}
GROUP_WORDS = {
    "us_chip_design": "US chip designer",
    "us_memory": "US memory maker",
    "us_idm": "US integrated chip maker",
    "chip_ip": "chip design licences",
    "foundry": "foundry",
    "equipment": "chip-making equipment",
    "china_chip": "Chinese chip maker",
    "china_equipment": "Chinese chip-making equipment",
    "china_internet": "Chinese internet company",
    "china_hardware": "Chinese hardware maker",
    "hyperscaler": "large cloud company",
    "ai_hardware": "AI server maker",
    "etf_semis": "semiconductor fund",
    "etf_market": "US share-market fund",
    "etf_china": "China share fund",
}


def build(figures: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the observations and the catalogue rows of the markets domain."""
    folder = figures / "markets"
    authored = metadata("market_series").set_index("figures_id")
    names = authored["series_id"]
    rows = [
        share_returns(folder),
        index_rows(folder, names),
        uncertainty_rows(folder, names),
        factor_rows(folder, names),
        monthly_rates(),
    ]
    observations = pd.concat(rows, ignore_index=True)
    observations["vintage"] = vintages(observations)
    blank = {"reporter": "", "partner": "", "flow": "", "basket": "", "averaging": "none"}
    others = authored.reset_index(drop=True).assign(seasonal="not applicable", **blank)
    return observations, pd.concat([share_catalogue(folder).assign(**blank), others], ignore_index=True)


def share_returns(folder: Path) -> pd.DataFrame:
    """Return simple close-to-close returns; the segments of a ticker are linked, so only day one has none."""
    prices = read(folder / "prices_daily.csv").sort_values(["ticker", "date"])
    returns = prices["adj_close"].astype(float).groupby(prices["ticker"]).pct_change()
    rows = pd.DataFrame(
        {
            "series_id": "return_" + prices["ticker"],
            "date": prices["date"],
            "value": significant(returns),
            "source_id": prices["source_id"],
        }
    )[returns.notna()]
    return rows.assign(period=rows["date"])


def index_rows(folder: Path, names: pd.Series) -> pd.DataFrame:
    """Return index returns, the change of the VIX in points, and the exchange rate as it is."""
    levels = read(folder / "indices_daily.csv").sort_values(["series", "date"])
    level = levels["level"].astype(float)
    value = significant(level.groupby(levels["series"]).pct_change())
    # Two decimals are what Cboe publishes; a longer difference would be binary noise.
    value = value.mask(
        levels["series"] == "^VIX", level.groupby(levels["series"]).diff().round(4).map("{:g}".format)
    )
    value = value.mask(levels["series"] == "USDCNY", levels["level"].map(number))
    rows = levels.assign(series_id=levels["series"].map(names), value=value, period=levels["date"])
    return rows.loc[value != "nan", ["series_id", "date", "period", "value", "source_id"]]


def uncertainty_rows(folder: Path, names: pd.Series) -> pd.DataFrame:
    """Return the uncertainty indices as published."""
    rows = read(folder / "uncertainty.csv")
    rows = rows.assign(
        series_id=rows["series"].map(names),
        value=rows["value"].map(number),
        period=rows["date"].where(rows["freq"] == "D", rows["date"].str[:7]),
    )
    return rows[["series_id", "date", "period", "value", "source_id"]]


def factor_rows(folder: Path, names: pd.Series) -> pd.DataFrame:
    """Return the factors as decimals instead of percent."""
    rows = read(folder / "factors_daily.csv").melt(["date", "source_id"], var_name="factor")
    rows = rows[rows["value"] != ""]
    rows = rows.assign(
        series_id=rows["factor"].map(names),
        value=rows["value"].map(lambda text: number(text, "0.01")),
        period=rows["date"],
    )
    return rows[["series_id", "date", "period", "value", "source_id"]]


def monthly_rates() -> pd.DataFrame:
    """Return the monthly averages of the euro and the yen, which the figures lack."""
    rows = metadata("monthly_exchange_rates").melt("month", var_name="series_id")
    return rows.assign(period=rows["month"], date=rows["month"] + "-01", source_id="h10_monthly_eur_jpy")[
        ["series_id", "date", "period", "value", "source_id"]
    ]


def tickers(folder: Path) -> pd.DataFrame:
    """Return the table of shares with the exchange calendar of each."""
    rows = read(folder / "TICKERS.csv").sort_values("ticker")
    return rows.assign(
        calendar=rows["exchange"].map(CALENDARS).fillna("XNYS"), series_id="return_" + rows["ticker"]
    )


def shares(figures: Path) -> pd.DataFrame:
    """Return the list of shares; its vintage is the first day of the prices, its source the latest one."""
    rows = tickers(figures / "markets")
    return rows.assign(source_id=rows["source_ids"].str.split("+").str[-1], vintage=rows["start"])


def share_catalogue(folder: Path) -> pd.DataFrame:
    """Return the catalogue rows of the share returns."""
    rows = tickers(folder)
    return pd.DataFrame(
        {
            "series_id": rows["series_id"],
            "title": rows["name"] + " daily share return (" + rows["ticker"] + ")",
            "table": "returns_" + rows["group"],
            "frequency": "D",
            "unit": "return (decimal)",
            "currency": rows["currency"],
            "price_basis": "nominal",
            "seasonal": "not applicable",
            "stored_as": "return",
            "entity": rows["name"],
            "product": rows["group"].map(GROUP_WORDS),
            "publisher": rows["exchange"] + " prices through data vendors",
            "definition": "Simple close-to-close return of the price adjusted for splits and dividends.",
            "caution": "A return after a halt spans the halt. " + rows["note"],
            "loader": "yahoo_prices",
        }
    )
