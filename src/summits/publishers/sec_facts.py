"""SEC EDGAR: capital expenditure, research spending and revenue as filed, in million US dollars.

A label has the number of the company, the month in which its fiscal year ends, the tag, and the frequency.
"""

from collections.abc import Iterator
from datetime import date

import pandas as pd

from summits.publishers import formulas, reading
from summits.publishers.client import Request, Wanted, by_file

HOST = "https://data.sec.gov/api/xbrl/companyconcept"
SUM = "capex_big4_sum_derived"
BIG_FOUR = [f"capex_ppe_cash_quarterly_{name}" for name in ("microsoft", "alphabet", "amazon", "meta")]
# Quarterly and yearly reports, also amended. Proxies and the like repeat figures rounded or in other units.
FORMS = ("10-K", "10-K/A", "10-KT", "10-KT/A", "10-Q", "10-Q/A", "10-QT", "10-QT/A", "")
# Once history is held, only the latest years are compared.
YEARS_BACK = 2


def requests(wanted: dict[str, Wanted], today: date) -> Iterator[Request]:
    """Ask once per company and tag; one reply gives quarters and fiscal years."""
    for group, members in by_file({name: wanted[name] for name in wanted if name != SUM}).items():
        company, _, tag = group.split()
        first = min(f"{today.year - YEARS_BACK}-12-31", *(each.since for each in members.values()))
        named = {f"{group}/{frequency}": each for frequency, each in members.items()}
        yield Request(f"{HOST}/CIK{company}/us-gaap/{tag}.json", "json", named, first=first)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read facts by duration and fiscal year, never by labels, which name the filing and not the fact."""
    reply = reading.json_body(body)
    [(group, members)] = by_file(request.wanted).items()
    company, year_end, tag = group.split()
    reading.about(reply, {"cik": (company, company.lstrip("0")), "taxonomy": "us-gaap", "tag": tag})
    table = reading.json_table(reading.step(reply, "units", "USD"), ("start", "end", "filed", "val", "form"))
    table = table[table["start"].ne("") & table["form"].isin(FORMS)]
    facts = table[["start", "end", "filed"]].apply(reading.days, form="%Y-%m-%d")
    facts["value"] = reading.numbers(table["val"]) / 1_000_000
    editions = formulas.editions(facts.dropna())
    parts = {"Q": formulas.quarters(editions), "A": formulas.fiscal_years(editions, int(year_end))}
    rows = []
    for frequency, each in members.items():
        part = parts[frequency]
        ends = formulas.month_end(part["end"]).dt.strftime("%Y-%m-%d" if frequency == "Q" else "%Y")
        filed = part["filed"].dt.strftime("%Y-%m-%d").array
        rows.append(reading.observations(each, ends, part["value"]).assign(vintage=filed))
    result = pd.concat(rows)
    return result[result["period"] >= request.first]


def combine(fetched: pd.DataFrame, wanted: dict[str, Wanted]) -> pd.DataFrame:
    """Add the four companies' capital expenditure, as known on each day, for the quarters all four have."""
    rows = fetched[fetched["series_id"].isin(BIG_FOUR)]
    columns = ["series_id", "period", "value", "vintage"]
    if SUM not in wanted or set(rows["series_id"]) != set(BIG_FOUR):
        return pd.DataFrame(columns=columns)
    days = rows.pivot_table(index=["period", "vintage"], columns="series_id", values="value")
    known = days.groupby("period").ffill().dropna()
    return known.sum(axis=1).rename("value").reset_index().assign(series_id=SUM)[columns]
