"""SEC EDGAR: capital expenditure, research spending and revenue as filed, in million US dollars."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, reading
from summits.publishers.client import Publisher, Request, Rhythm, Wanted

HOST = "https://data.sec.gov/api/xbrl/companyconcept"
COMPANIES = {
    "Microsoft": "0000789019",
    "Alphabet": "0001652044",
    "Amazon": "0001018724",
    "Meta": "0001326801",
    "Oracle": "0001341439",
    "NVIDIA": "0001045810",
    "AMD": "0000002488",
    "Applied Materials": "0000006951",
    "Lam Research": "0000707549",
    "KLA": "0000319201",
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
# Filed values are final: once history is held, only the latest years are compared.
YEARS_BACK = 2


def label(series: Series) -> str | None:
    """Name a series by company number, tag and frequency; the sum of four companies by its own name."""
    if series.series_id == SUM:
        return SUM
    tags = [tag for start, tag in TAGS.items() if series.series_id.startswith(start)]
    if not tags or series.entity not in COMPANIES:
        return None
    tag = OTHER_TAGS.get((series.entity, tags[0]), tags[0])
    return f"{COMPANIES[series.entity]} {tag} {series.frequency}"


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask once per company and tag; one reply gives quarters and fiscal years."""
    groups: dict[str, dict[str, Wanted]] = {}
    for name, each in wanted.items():
        if name != SUM:
            groups.setdefault(name.rsplit(" ", 1)[0], {})[name] = each
    return [
        Request(
            f"{HOST}/CIK{group.split()[0]}/us-gaap/{group.split()[1]}.json",
            "json",
            members,
            first=f"{today.year - YEARS_BACK}-12-31" if any(each.last for each in members.values()) else "",
        )
        for group, members in groups.items()
    ]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read facts by their duration, never by fiscal-period labels, which name the filing and not the fact."""
    table = pd.DataFrame(reading.step(reading.json_body(body), "units", "USD"))
    reading.need(table, "start", "end", "filed", "val")
    dates = {name: reading.days(table[name], "%Y-%m-%d") for name in ("start", "end", "filed")}
    facts = pd.DataFrame({**dates, "value": reading.numbers(table["val"]) / 1_000_000})
    found = {"Q": formulas.quarters(facts), "A": formulas.fiscal_years(facts)}
    rows = []
    for each in request.wanted.values():
        part = found[each.series.frequency]
        ends = formulas.month_end(part["end"])
        periods = ends.dt.strftime("%Y-%m-%d" if each.series.frequency == "Q" else "%Y")
        filed = part["filed"].dt.strftime("%Y-%m-%d").values
        rows.append(reading.observations(each, periods, part["value"]).assign(vintage=filed))
    result = pd.concat(rows, ignore_index=True)
    return result[result["period"] >= request.first]


def combine(fetched: pd.DataFrame, wanted: dict[str, Wanted]) -> pd.DataFrame:
    """Add the four companies' capital expenditure for the quarters that all four have."""
    rows = fetched[fetched["series_id"].isin(BIG_FOUR)]
    whole = rows.groupby("period").filter(lambda part: set(part["series_id"]) == set(BIG_FOUR))
    sums = whole.groupby("period", as_index=False).agg({"value": "sum", "vintage": "max"})
    return sums.assign(series_id=SUM) if SUM in wanted else sums.iloc[:0]


PUBLISHER = Publisher(
    name="sec_facts",
    title="US Securities and Exchange Commission, facts from company filings",
    url="https://www.sec.gov/search-filings/edgar-application-programming-interfaces",
    licence="public domain (SEC EDGAR)",
    rhythm=Rhythm("quarterly, by 40 to 60 days after the fiscal quarter", {"Q": 60, "A": 60}),
    label=label,
    requests=requests,
    parse=parse,
    combine=combine,
    needs="SUMMITS_CONTACT",
)
