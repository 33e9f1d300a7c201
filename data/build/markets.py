"""Share returns, index returns, exchange rates, uncertainty indices and factors."""

from pathlib import Path

import exchange_calendars
import pandas as pd
from tables import metadata, number, read, significant, vintages

# Days on which the exchange stayed shut for storms though its calendar has a session.
STORM_DAYS = pd.DatetimeIndex(["2023-09-01", "2023-09-08"])
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


def build(figures: Path, second: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the observations and the catalogue rows of the markets domain from both deliveries."""
    folder, later = figures / "markets", second / "markets"
    authored = metadata("market_series").set_index("figures_id")
    names = authored["series_id"]
    rows = [
        share_returns(folder, later),
        index_rows(folder, later, names),
        uncertainty_rows(folder, names),
        factor_rows(folder, names),
        monthly_rates(),
    ]
    observations = pd.concat(rows, ignore_index=True)
    observations["vintage"] = vintages(observations)
    blank = {"reporter": "", "partner": "", "flow": "", "basket": "", "averaging": "none"}
    others = authored.reset_index(drop=True).assign(seasonal="not applicable", **blank)
    return observations, pd.concat([share_catalogue(folder).assign(**blank), others], ignore_index=True)


def share_returns(folder: Path, later: Path) -> pd.DataFrame:
    """Return simple close-to-close returns over one session; a day after a halt or a missing close has none.

    The segments of a ticker are linked, so only day one has no return for want of a price.
    """
    prices = read(folder / "prices_daily.csv").sort_values(["ticker", "date"])
    prices = prices.assign(part="first")
    extension = longer(prices, read(later / "prices_daily_2026_09.csv"), "ticker")
    prices = pd.concat([prices, extension], ignore_index=True)
    by_part = prices["adj_close"].astype(float).groupby([prices["ticker"], prices["part"]])
    returns = by_part.pct_change().where(one_session(prices, tickers(folder)))
    rows = pd.DataFrame(
        {
            "series_id": "return_" + prices["ticker"],
            "date": prices["date"],
            "value": significant(returns),
            "source_id": prices["source_id"],
        }
    )[returns.notna()]
    return rows.assign(period=rows["date"])


def longer(held: pd.DataFrame, new: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the days of the second delivery after the last one held, each name led by a price to start from.

    That is the new price of the last day held, for it is adjusted as the ones that follow, else the held one.
    """
    last = held.groupby(name)["date"].max()
    new = new[new["date"] >= new[name].map(last)]
    lacks_start = ~last.index.isin(new.loc[new["date"] == new[name].map(last), name])
    starts = held[held["date"] == held[name].map(last.where(lacks_start))]
    starts = starts[starts[name].isin(new[name])]
    return pd.concat([starts, new]).sort_values([name, "date"]).assign(part="second")


def one_session(prices: pd.DataFrame, listed: pd.DataFrame) -> pd.Series:
    """Say for each price whether the one before it is of the session before."""
    result = pd.Series(False, index=prices.index)
    calendars = listed.set_index("ticker")["calendar"]
    for (ticker, _), part in prices.groupby(["ticker", "part"]):
        sessions = exchange_calendars.get_calendar(calendars[ticker], start="2015-01-02", end="2026-12-31")
        days = sessions.sessions.difference(STORM_DAYS if calendars[ticker] == "XHKG" else [])
        place = pd.Series(days.searchsorted(pd.to_datetime(part["date"])), index=part.index)
        result[part.index] = place.diff() <= 1
    return result


def index_rows(folder: Path, later: Path, names: pd.Series) -> pd.DataFrame:
    """Return index returns, the change of the VIX in points, and the exchange rate as it is."""
    held = read(folder / "indices_daily.csv").sort_values(["series", "date"]).assign(part="first")
    extension = longer(held, read(later / "indices_daily_2026_09.csv"), "series")
    levels = pd.concat([held, extension], ignore_index=True)
    level = levels["level"].astype(float)
    by_part = level.groupby([levels["series"], levels["part"]])
    value = significant(by_part.pct_change())
    # Two decimals are what Cboe publishes; a longer difference would be binary noise.
    value = value.mask(levels["series"] == "^VIX", by_part.diff().round(4).map("{:g}".format))
    value = value.mask(levels["series"] == "USDCNY", levels["level"].map(number))
    # No close of the VIX of 22 September 2026 is held, so the next day has no change over one session.
    gap = (levels["series"] == "^VIX") & (levels["part"] == "second") & (levels["date"] == "2026-09-23")
    rows = levels.assign(series_id=levels["series"].map(names), value=value, period=levels["date"])
    return rows.loc[(value != "nan") & ~gap, ["series_id", "date", "period", "value", "source_id"]]


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
            "caution": "The day after a halt has no return. " + rows["note"],
            "loader": "yahoo_prices",
        }
    )
