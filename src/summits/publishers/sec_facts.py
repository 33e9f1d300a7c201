"""SEC EDGAR: capital expenditure, research spending and revenue as filed, in million US dollars."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, reading
from summits.publishers.client import Request, Wanted, by_file

HOST = "https://data.sec.gov/api/xbrl/companyconcept"
# The number of each company, and the month in which its fiscal year ends.
COMPANIES = {
    "Microsoft": ("0000789019", 6),
    "Alphabet": ("0001652044", 12),
    "Amazon": ("0001018724", 12),
    "Meta": ("0001326801", 12),
    "Oracle": ("0001341439", 5),
    "NVIDIA": ("0001045810", 1),
    "AMD": ("0000002488", 12),
    "Applied Materials": ("0000006951", 10),
    "Lam Research": ("0000707549", 6),
    "KLA": ("0000319201", 6),
}
PROPERTY = "PaymentsToAcquirePropertyPlantAndEquipment"
PRODUCTIVE = "PaymentsToAcquireProductiveAssets"
# The tag of each family of series, by the start of its name, and the companies that file under another tag.
TAGS = {
    "capex_ppe_cash_quarterly_": PROPERTY,
    "capex_ppe_cash_fiscal_year_": PROPERTY,
    "research_spending_quarterly_": "ResearchAndDevelopmentExpense",
    "nvidia_total_revenue": "Revenues",
}
OTHER_TAGS = {("Amazon", PROPERTY): PRODUCTIVE, ("NVIDIA", PROPERTY): PRODUCTIVE}
SUM = "capex_big4_sum_derived"
BIG_FOUR = [f"capex_ppe_cash_quarterly_{name}" for name in ("microsoft", "alphabet", "amazon", "meta")]
# Quarterly and yearly reports, also amended. Proxies and the like repeat figures rounded or in other units.
FORMS = ("10-K", "10-K/A", "10-KT", "10-KT/A", "10-Q", "10-Q/A", "10-QT", "10-QT/A", "")
# Once history is held, only the latest years are compared.
YEARS_BACK = 2


def label(series: Series) -> str | None:
    """Name a series by company number, tag and frequency; the sum of four companies by its own name."""
    if series.series_id == SUM:
        return SUM
    tags = [tag for start, tag in TAGS.items() if series.series_id.startswith(start)]
    if not tags or series.entity not in COMPANIES:
        return None
    tag = OTHER_TAGS.get((series.entity, tags[0]), tags[0])
    return f"{COMPANIES[series.entity][0]} {tag}/{series.frequency}"


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask once per company and tag; one reply gives quarters and fiscal years."""
    calls = []
    for group, members in by_file({name: wanted[name] for name in wanted if name != SUM}).items():
        company, tag = group.split()
        first = min(f"{today.year - YEARS_BACK}-12-31", *(each.since for each in members.values()))
        calls.append(Request(f"{HOST}/CIK{company}/us-gaap/{tag}.json", "json", members, first=first))
    return calls


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read facts by duration and fiscal year, never by labels, which name the filing and not the fact."""
    reply = reading.json_body(body)
    *_, number, taxonomy, file = request.address.split("/")
    company = number.removeprefix("CIK")
    ciks, tag = (company, company.lstrip("0")), file.removesuffix(".json")
    reading.about(reply, {"cik": ciks, "taxonomy": taxonomy, "tag": tag})
    table = reading.json_table(reading.step(reply, "units", "USD"), ("start", "end", "filed", "val", "form"))
    table = table[table["start"].ne("") & table["form"].isin(FORMS)]
    facts = table[["start", "end", "filed"]].apply(reading.days, form="%Y-%m-%d")
    facts["value"] = reading.numbers(table["val"]) / 1_000_000
    editions = formulas.editions(facts.dropna())
    [year_end] = {month for each, month in COMPANIES.values() if each == company}
    parts = {"Q": formulas.quarters(editions), "A": formulas.fiscal_years(editions, year_end)}
    rows = []
    for frequency, each in request.wanted.items():
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
