"""Monthly trade series as estimators take them: in US dollars, and the world chip cycle as a level."""

from collections.abc import Mapping

import pandas as pd

from helpers import catalog, transforms
from helpers.observations import SeriesData

MEMBERS = {"EU27": ("Netherlands", "Germany")}  # of the reporters in the catalogue


def dollars(known: Mapping[str, SeriesData], series_id: str) -> pd.Series:
    """Return a monthly trade series in US dollars, converted with monthly average rates.

    Parameters
    ----------
    known : mapping of id to SeriesData
        As from `observations.load_known`, exchange rates (``eur_per_usd``) included.
    series_id : str

    Returns
    -------
    Series
        USD by first day of the month. It is empty if the series or its exchange rate was not known.
    """
    if series_id not in known:
        return empty(series_id)
    info, values = known[series_id].info, known[series_id].values
    if info.currency == "USD":
        return values
    rate = known.get(f"{info.currency.lower()}_per_usd")
    if rate is None:
        return empty(series_id)
    return transforms.to_currency(values, rate.values, "old per new").dropna()


def cycle(known: Mapping[str, SeriesData], series_id: str) -> pd.Series:
    """Return a series of the world chip cycle as a level; one that is stored as growth is chained.

    Returns
    -------
    Series
        USD, or an index for growth; empty if the series was not known.
    """
    if series_id in known and known[series_id].info.stored_as == "growth":
        return transforms.chain_index(known[series_id].values)
    return dollars(known, series_id)


def contains(whole: str, part: str) -> bool:
    """Say whether every dollar of one trade series is also in another, by what the catalogue says of both.

    Parameters
    ----------
    whole, part : str
        Ids of series. Korea's exports of chips to the world contain those to China; the EU27's contain
        Germany's; a series contains itself.
    """
    outer, inner = catalog.series(whole), catalog.series(part)
    reporters = outer.reporter, *MEMBERS.get(outer.reporter, ())
    places = inner.reporter in reporters and outer.partner in (inner.partner, "World")
    goods = bool(outer.product) and inner.product.startswith(outer.product)
    return outer.flow == inner.flow and places and goods


def empty(name: str) -> pd.Series:
    """Return a series without months, which estimators refuse with a reason."""
    return pd.Series(dtype=float, index=pd.DatetimeIndex([], name="period"), name=name)
