"""Japan e-Stat: monthly customs values by nine-digit code, summed to an HS heading, in yen."""

from collections.abc import Iterator
from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, reading
from summits.publishers.client import Key, Refused, Request, Wanted, trade_label

ADDRESS = "https://api.e-stat.go.jp/rest/3.0/app/json/getStatsData"
KEY = Key("ESTAT_APP_ID", "appId")
# Tables by first and last year; a new year needs a new line here.
TABLES = {"0003425293": (2021, 2025), "0004049306": (2026, 2026)}
PARTNERS = reading.countries("estat")
CODES = {"8486": ("848610000", "848699999"), "8542": ("854200000", "854299999")}
THOUSAND_YEN = ("千円", "1000JPY", "1000yen")
# The code of a month's value in the table's second class: 170 is January, 500 December.
MONTHS = {str(140 + 30 * month): f"{month:02d}" for month in range(1, 13)}


def label(series: Series) -> str | None:
    """Name a Japanese export series in yen by HS heading and partner, such as ``export 8486 50105``."""
    name = trade_label(series, {"export": "export"}, PARTNERS, ("Japan",))
    return name if name and name.split()[1] in CODES and series.currency == "JPY" else None


def requests(wanted: dict[str, Wanted], today: date) -> Iterator[Request]:
    """Ask each table from the first month wanted, at least this year's and the last's, once per series.

    A year without a table is refused: it must not look as if nothing had come out.
    """
    bare = max(last for _, last in TABLES.values()) + 1
    if (pd.Timestamp(today) - pd.DateOffset(months=2)).year >= bare:
        raise Refused("table", f"No table of e-Stat is known for {bare}: add its number to estat.TABLES.")
    for name, each in wanted.items():
        _, code, partner = name.split()
        start, end = CODES[code]
        params = {"cdArea": partner, "cdCat01From": start, "cdCat01To": end, "cdCat02": ",".join(MONTHS)}
        for table, (first, last) in TABLES.items():
            if last >= min(int(each.since[:4] or first), today.year - 1):
                query, years = params | {"statsDataId": table}, (f"{first}-01", f"{last}-12")
                yield Request(ADDRESS, "json", {name: each}, query, *years, KEY)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Sum the nine-digit codes of each month. A sum of 0 stands for a month not published yet."""
    [(name, wanted)] = request.wanted.items()
    reply = reading.json_body(body, "GET_STATS_DATA")
    status = reading.step(reply, "RESULT", "STATUS")
    if status != 0:
        raise Refused("status", f"e-Stat answers with status {status}. Is {KEY.variable} valid?")
    statistics = reading.step(reply, "STATISTICAL_DATA")
    rows = reading.step(statistics, "DATA_INF", "VALUE")
    rows = [rows] if isinstance(rows, dict) else rows
    pages = reading.step(statistics, "RESULT_INF")
    total = len(rows) + 1 if "NEXT_KEY" in pages else reading.step(pages, "TOTAL_NUMBER")
    table = reading.json_table(rows, ("@cat01", "@cat02", "@time", "$"), total)
    table["product"] = table["@cat01"].str[:4]
    _, code, partner = name.split()
    reading.about(table, {"@unit": THOUSAND_YEN, "@area": partner, "product": code})
    reading.about(statistics.get("TABLE_INF", {}), {"@id": request.params["statsDataId"]})
    table = table[table["@cat02"].isin(MONTHS)]
    period = table["@time"].str[:4] + "-" + table["@cat02"].map(MONTHS)
    value = reading.numbers(table["$"].replace("-", "0"))
    codes = table.assign(code=table["@cat01"], period=period, value=value)
    return reading.by_period(wanted, formulas.sum_of_codes(codes, scale=1000))
