"""Korea Customs Service: monthly exports and imports by HS heading and country, in US dollars."""

import re
from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Key, Refused, Request, Wanted

ADDRESS = "https://apis.data.go.kr/1220000/nitemtrade/getNitemtradeList"
KEY = Key("KOREA_CUSTOMS_KEY", "serviceKey")
COUNTRIES = {"World": "", **reading.countries("iso")}
VALUES = {"export": "expDlr", "import": "impDlr"}
FIRST_YEAR = 2012


def label(series: Series) -> str | None:
    """Name a Korean trade series by flow, HS code and country, such as ``export 8542 CN``."""
    code = series.product.removeprefix("HS ")
    known = series.reporter == "South Korea" and series.flow in VALUES and series.partner in COUNTRIES
    return f"{series.flow} {code} {COUNTRIES[series.partner]}" if known and code.isdigit() else None


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for one calendar year a call: from the year before the first month wanted, or from the start."""
    calls = []
    for name, each in wanted.items():
        _, code, country = name.split(" ")
        start = max(int(each.since[:4] or 0) - 1, FIRST_YEAR)
        for year in range(start, today.year + 1):
            end = f"{year}12" if year < today.year else f"{today:%Y%m}"
            params = {"strtYymm": f"{year}01", "endYymm": end, "hsSgn": code}
            if country:
                params["cntyCd"] = country
            calls.append(Request(ADDRESS, "xml", {name: each}, params, f"{year}-01", f"{year}-12", KEY))
    return calls


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Sum the rows of each month over countries and subheadings, and compare with the service's total row."""
    [(name, wanted)] = request.wanted.items()
    flow, code, country = name.split(" ")
    root = reading.xml_root(body)
    result = root.findtext(".//resultCode") or root.findtext(".//returnReasonCode") or "none"
    if result != "00":
        raise Refused("status", f"The service answers with result {result}. Is {KEY.variable} valid?")
    fields = ("year", "statCd", VALUES[flow])
    reading.same(
        "product", (item.findtext("hsCd", "")[: len(code)] for item in root.iter("item")), (code, "-")
    )
    items = [{field: item.findtext(field) for field in fields} for item in root.iter("item")]
    if any(None in item.values() for item in items):
        raise Refused("columns", f"An item lacks {', '.join(fields)}.")
    table = pd.DataFrame(items, columns=list(fields), dtype=str)
    table[VALUES[flow]] = reading.numbers(table[VALUES[flow]])
    is_month = table["year"].str.strip().map(lambda text: bool(re.fullmatch(r"\d{4}\.\d{2}", text)))
    rows, totals = table[is_month], table[~is_month]
    if len(totals) and totals[VALUES[flow]].sum() != rows[VALUES[flow]].sum():
        raise Refused("partial", "The rows do not add to the total row: some are missing.")
    if country:
        reading.same("partner", rows["statCd"], country)
    sums = rows.groupby(rows["year"].str.strip().str.replace(".", "-"))[VALUES[flow]].sum()
    return reading.by_period(wanted, sums.where(sums != 0))
