"""Japan e-Stat: monthly customs values by nine-digit code, summed to an HS heading, in yen."""

from datetime import date

import pandas as pd

from helpers.catalog import Series
from summits.publishers import formulas, reading
from summits.publishers.client import Key, Refused, Request, Wanted

ADDRESS = "https://api.e-stat.go.jp/rest/3.0/app/json/getStatsData"
KEY = Key("ESTAT_APP_ID", "appId")
# Tables by first and last year; a new year needs a new line here.
TABLES = {"0003425293": (2021, 2025), "0004049306": (2026, 2026)}
PARTNERS = reading.countries("estat")
CODES = {"8486": ("848610000", "848699999"), "8542": ("854200000", "854299999")}
THOUSAND_YEN = ("千円", "1000JPY", "1000yen")
# The code of a month's value in the table's second class: 170 is January, 500 December.
MONTHS = {str(140 + 30 * month): month for month in range(1, 13)}


def label(series: Series) -> str | None:
    """Name a Japanese export series by HS heading and partner, such as ``8486 50105``."""
    code = series.product.removeprefix("HS ")
    known = series.reporter == "Japan" and series.flow == "export" and series.currency == "JPY"
    if not known or code not in CODES or series.partner not in PARTNERS:
        return None
    return f"{code} {PARTNERS[series.partner]}"


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask each table from the first month wanted, at least this year's and the last's, once per series.

    A year without a table is refused: it must not look as if nothing had come out.
    """
    bare = max(last for _, last in TABLES.values()) + 1
    if (pd.Timestamp(today) - pd.DateOffset(months=2)).year >= bare:
        raise Refused("table", f"No table of e-Stat is known for {bare}: add its number to estat.TABLES.")
    return [
        _request(name, each, table, first, last)
        for name, each in wanted.items()
        for table, (first, last) in TABLES.items()
        if last >= min(int(each.since[:4] or first), today.year - 1)
    ]


def _request(name: str, wanted: Wanted, table: str, first: int, last: int) -> Request:
    code, partner = name.split()
    params = {
        "statsDataId": table,
        "cdArea": partner,
        "cdCat01From": CODES[code][0],
        "cdCat01To": CODES[code][1],
        "cdCat02": ",".join(MONTHS),
    }
    return Request(ADDRESS, "json", {name: wanted}, params, f"{first}-01", f"{last}-12", KEY)


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Sum the nine-digit codes of each month. A sum of 0 stands for a month not published yet."""
    [wanted] = request.wanted.values()
    reply = reading.json_body(body)
    status = reading.step(reply, "GET_STATS_DATA", "RESULT", "STATUS")
    if status != 0:
        raise Refused("status", f"e-Stat answers with status {status}. Is {KEY.variable} valid?")
    statistics = reading.step(reply, "GET_STATS_DATA", "STATISTICAL_DATA")
    rows = reading.step(statistics, "DATA_INF", "VALUE")
    rows = [rows] if isinstance(rows, dict) else rows
    total = reading.step(statistics, "RESULT_INF", "TOTAL_NUMBER")
    if "NEXT_KEY" in statistics["RESULT_INF"] or int(total) != len(rows):
        raise Refused("partial", f"The reply has {len(rows)} of {total} values.")
    table = reading.json_table(rows, ("@cat01", "@cat02", "@time", "$"))
    reading.same("unit", table.get("@unit", ()), THOUSAND_YEN)
    reading.same("partner", table.get("@area", ()), request.params["cdArea"])
    stated = statistics.get("TABLE_INF", {}).get("@id", "")
    reading.same("table", [stated], request.params["statsDataId"])
    code = next(iter(request.wanted)).split()[0]
    reading.same("product", table["@cat01"].str[:4], code)
    table = table[table["@cat02"].isin(MONTHS)]
    months = table["@cat02"].map(MONTHS).astype(int).map("{:02d}".format)
    codes = pd.DataFrame(
        {
            "code": table["@cat01"],
            "period": table["@time"].str[:4] + "-" + months,
            "value": reading.numbers(table["$"], blanks=("-",)).fillna(0),
        }
    )
    return reading.by_period(wanted, formulas.sum_of_codes(codes, scale=1000))
