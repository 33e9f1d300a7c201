"""Korea Customs Service: monthly exports and imports by HS heading and country, in US dollars."""

from collections.abc import Iterator
from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import reading
from summits.publishers.client import Key, Refused, Request, Wanted, trade_label

ADDRESS = "https://apis.data.go.kr/1220000/nitemtrade/getNitemtradeList"
KEY = Key("KOREA_CUSTOMS_KEY", "serviceKey")
COUNTRIES = {"World": "", **reading.countries("iso")}
FLOWS = {"export": "expDlr", "import": "impDlr"}
FIRST_YEAR = 2012


def label(series: Series) -> str | None:
    """Name a Korean series by the field of its flow, HS code and country, such as ``expDlr 8542 CN``."""
    return trade_label(series, FLOWS, COUNTRIES, ("South Korea",))


def requests(wanted: dict[str, Wanted], today: date) -> Iterator[Request]:
    """Ask for one calendar year a call: from the year before the first month wanted, or from the start."""
    for name, each in wanted.items():
        _, code, country = name.split(" ")
        for year in range(max(int(each.since[:4] or 0) - 1, FIRST_YEAR), today.year + 1):
            end = f"{year}12" if year < today.year else f"{today:%Y%m}"
            params = {"strtYymm": f"{year}01", "endYymm": end, "hsSgn": code}
            params |= {"cntyCd": country} if country else {}
            yield Request(ADDRESS, "xml", {name: each}, params, f"{year}-01", f"{year}-12", KEY)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Sum the rows of each month over countries and subheadings, and compare with the service's total row."""
    [(name, wanted)] = request.wanted.items()
    field, code, country = name.split(" ")
    root = reading.xml_root(body)
    result = root.findtext(".//resultCode") or root.findtext(".//returnReasonCode") or "none"
    if result != "00":
        raise Refused("status", f"The service answers with result {result}. Is {KEY.variable} valid?")
    items = [{cell.tag: (cell.text or "").strip() for cell in item} for item in root.iter("item")]
    if any(not {"year", "statCd", field} <= set(item) for item in items):
        raise Refused("columns", f"An item lacks year, statCd or {field}.")
    table = reading.json_table(items, ("year", "statCd", field))
    table["hsCd"] = table.get("hsCd", pd.Series("", table.index)).str[: len(code)]
    table["value"] = reading.numbers(table[field])
    is_month = table["year"].str.fullmatch(r"\d{4}\.\d{2}")
    rows, totals = table[is_month], table[~is_month]
    if len(totals) and totals["value"].sum() != rows["value"].sum():
        raise Refused("partial", "The rows do not add to the total row: some are missing.")
    reading.about(rows, {"hsCd": code} | ({"statCd": country} if country else {}))
    sums = rows.groupby(rows["year"].str.replace(".", "-"))["value"].sum(skipna=False)
    return reading.by_period(wanted, sums.where(sums != 0))
