"""Replies in each publisher's shape, written from values by period: what a publisher would send for them.

The tests put the bundled figures into these shapes, so that reading them must give the bundled series again.
Splits over customs codes, price levels and billing levels are made up; only their sums and growth are real.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Mapping

import pandas as pd

Values = Mapping[str, float]


def as_json(content) -> bytes:
    """Write JSON."""
    return json.dumps(content).encode()


def census(values: Values, code: str = "8542", partner: str = "5700", flow: str = "export") -> bytes:
    """Write an array of arrays with the header first, all texts."""
    columns = {"export": ["ALL_VAL_MO", "E_COMMODITY"], "import": ["GEN_VAL_MO", "I_COMMODITY"]}
    header = [*columns[flow], "COMM_LVL", "CTY_CODE", "time"]
    return as_json(
        [header, *([f"{value:.0f}", code, "HS4", partner, month] for month, value in values.items())]
    )


MISSING_KEY = (
    b"<html><head><title>Missing Key</title></head><body>A valid key must be included.</body></html>"
)


def fred(values: Values, series: str) -> bytes:
    """Write the keyless CSV; the period is padded to a day."""
    lines = [
        f"observation_date,{series}",
        *(f"{(period + '-01')[:10]},{value!r}" for period, value in values.items()),
    ]
    return ("\n".join(lines) + "\n").encode()


def alfred(rows: list[tuple[str, float, str]]) -> bytes:
    """Write observations with the day each value became public."""
    found = [
        {"realtime_start": known, "realtime_end": "9999-12-31", "date": f"{month}-01", "value": str(value)}
        for month, value, known in rows
    ]
    return as_json({"count": len(found), "offset": 0, "limit": 100000, "observations": found})


def comtrade(values: Values, reporter: int, partner: int, code: str, flow: str = "X") -> bytes:
    """Write, for each month or year, the total and two modes of transport that add to it."""
    rows = []
    for month, value in values.items():
        for mode, share in ((0, 1.0), (1000, 0.75), (2100, 0.25)):
            rows.append(
                {
                    "refYear": int(month[:4]),
                    "refMonth": int(month[5:] or 52),
                    "period": month.replace("-", ""),
                    "reporterCode": reporter,
                    "flowCode": flow,
                    "partnerCode": partner,
                    "partner2Code": 0,
                    "cmdCode": code,
                    "customsCode": "C00",
                    "motCode": mode,
                    "primaryValue": value * share,
                }
            )
    return as_json({"elapsedTime": "0.1 secs", "count": len(rows), "data": rows, "error": ""})


def eurostat(values: Values, to_come: tuple[str, ...] = (), indicator: str = "VALUE_IN_EUROS") -> bytes:
    """Write JSON-stat in which months to come have a place but no value."""
    months = [*values, *to_come]
    dimension = {
        "indicators": {"category": {"index": {indicator: 0}}},
        "time": {"category": {"index": {month: place for place, month in enumerate(months)}}},
    }
    held = {str(place): value for place, value in enumerate(values.values())}
    size = [1, 1, 1, 1, 1, 1, len(months)]
    return as_json(
        {"version": "2.0", "class": "dataset", "size": size, "dimension": dimension, "value": held}
    )


def estat(values: Values, year: int, unit: str | None = "千円", code: str = "8486") -> bytes:
    """Write thousand yen by nine-digit code and month; months without a value are printed as 0."""
    rows = []
    for month in range(1, 13):
        thousand = int(values.get(f"{year}-{month:02d}", 0)) // 1000
        parts = {f"{code}10000": thousand // 3, f"{code}20000": thousand // 5}
        parts[f"{code}90000"] = thousand - sum(parts.values())
        for detail, part in parts.items():
            row = {
                "@cat01": detail,
                "@cat02": str(140 + 30 * month),
                "@time": f"{year}000000",
                "$": str(part),
            }
            rows.append(row | ({"@unit": unit} if unit else {}))
    statistics = {"RESULT_INF": {"TOTAL_NUMBER": len(rows)}, "DATA_INF": {"VALUE": rows}}
    return as_json({"GET_STATS_DATA": {"RESULT": {"STATUS": 0}, "STATISTICAL_DATA": statistics}})


def korea(values: Values, country: str = "CN", field: str = "expDlr") -> bytes:
    """Write two subheadings a month, and the total row the service adds."""
    items = [("총계", "-", "-", sum(values.values()))]
    for month, value in values.items():
        items += [
            (month.replace("-", "."), country, code, part)
            for code, part in (("854231", value // 3), ("854232", value - value // 3))
        ]
    body = "".join(
        f"<item><{field}>{value:.0f}</{field}><expWgt>1</expWgt><hsCd>{code}</hsCd>"
        f"<statCd>{country}</statCd><year>{month}</year></item>"
        for month, country, code, value in items
    )
    head = "<header><resultCode>00</resultCode><resultMsg>OK</resultMsg></header>"
    return f"<response>{head}<body><items>{body}</items></body></response>".encode()


ENTITY_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<response><header><resultCode>00</resultCode></header><body><item><year>&b;</year></item></body></response>"
)
ENTITY_FILE = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    b"<response><header><resultCode>&f;</resultCode></header></response>"
)


def taiwan_catalogue(address: str) -> bytes:
    """Write the entry of the data set, which names the file."""
    return as_json({"success": True, "result": {"distribution": [{"resourceDownloadUrl": address}]}})


def taiwan(values: Values) -> bytes:
    """Write months counted from 1911, and the rows of whole years the ministry adds."""
    lines = ["年(月)別,總計,電子零組件"]
    for month, value in values.items():
        year = int(month[:4]) - 1911
        lines.append(f'{year}年 {int(month[5:])}月,"99,999","{value:,}"')
    return ("\n".join([*lines, '115年,"999,999","88,888"']) + "\n").encode("utf-8-sig")


def wsts(growth: Values, region: str = "Worldwide") -> bytes:
    """Write a workbook whose levels are made up and grow as given; months to come are 0."""
    first = str(pd.Period(min(growth), "M") - 1)
    levels = {first: 5e9}
    for month in sorted(growth):
        levels[month] = levels[str(pd.Period(month, "M") - 1)] * (1 + growth[month] / 100)
    rows: list[list[str | float]] = [["WSTS"], [], [], ["", "January"]]
    for year in sorted({month[:4] for month in levels}):
        months = [levels.get(f"{year}-{month:02d}", 0) for month in range(1, 13)]
        rows += [[float(year)], [region, *months]]
    return workbook({"Cover": [["WSTS"]], "Monthly Data": rows})


def workbook(sheets: dict[str, list[list[str | float]]]) -> bytes:
    """Write a small .xlsx: numbers in place, texts as shared strings."""
    texts: list[str] = []
    files = {}
    for number, rows in enumerate(sheets.values(), 1):
        body = ""
        for row, cells in enumerate(rows, 1):
            body += f'<row r="{row}">'
            for column, cell in enumerate(cells):
                place = f"{chr(65 + column)}{row}"
                if isinstance(cell, str):
                    texts.append(cell)
                    body += f'<c r="{place}" t="s"><v>{len(texts) - 1}</v></c>'
                else:
                    body += f'<c r="{place}"><v>{cell!r}</v></c>'
            body += "</row>"
        files[f"xl/worksheets/sheet{number}.xml"] = (
            f"<worksheet {MAIN}><sheetData>{body}</sheetData></worksheet>"
        )
    names = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    files["xl/workbook.xml"] = f"<workbook {MAIN} {OFFICE}><sheets>{names}</sheets></workbook>"
    files["xl/_rels/workbook.xml.rels"] = f"<Relationships>{links}</Relationships>"
    strings = "".join(f"<si><t>{text}</t></si>" for text in texts)
    files["xl/sharedStrings.xml"] = f"<sst {MAIN}>{strings}</sst>"
    return archive({path: text.encode() for path, text in files.items()})


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def archive(files: dict[str, bytes]) -> bytes:
    """Write a zip archive, the same bytes at any time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for path, content in files.items():
            target.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def bomb(size: int, name: str = "data.csv") -> bytes:
    """Write a small archive that unpacks to `size` bytes."""
    return archive({name: b"0" * size})


def gzipped(size: int) -> bytes:
    """Write a small compressed body of `size` bytes."""
    return gzip.compress(b"0" * size)


def sec(facts: list[tuple[str, str, float, str]]) -> bytes:
    """Write facts of one tag: start, end, value in million dollars, day filed."""
    rows = [
        {
            "start": start,
            "end": end,
            "val": value * 1_000_000,
            "accn": "0",
            "fy": 0,
            "fp": "",
            "form": "",
            "filed": filed,
        }
        for start, end, value, filed in facts
    ]
    return as_json({"taxonomy": "us-gaap", "units": {"USD": rows}})


def owid(values: Mapping[str, Values], scale: float = 1.0) -> bytes:
    """Write entity, code, year and one column of values."""
    lines = ["Entity,Code,Year,value"]
    lines += [
        f"{entity},,{year},{value * scale!r}" for entity, own in values.items() for year, value in own.items()
    ]
    return ("\n".join(lines) + "\n").encode()


def finmind(values: Values, stock: str = "2330") -> bytes:
    """Write revenue in dollars; ``date`` is in the month after."""
    rows = [
        {
            "date": f"{pd.Period(month, 'M') + 1}-01",
            "stock_id": stock,
            "country": "Taiwan",
            "revenue": round(value * 1_000_000),
            "revenue_month": int(month[5:]),
            "revenue_year": int(month[:4]),
        }
        for month, value in values.items()
    ]
    return as_json({"msg": "success", "status": 200, "data": rows})


def fama_french(columns: Mapping[str, Values], dashes: bool = True) -> bytes:
    """Write an archive with one CSV: preamble, header, rows in percent, copyright."""
    table = pd.DataFrame(columns)
    lines = ["This file was created for a test.", "", "," + ",".join(table)]
    for day, row in table.iterrows():
        shown = day if dashes else day.replace("-", "")
        lines.append(f"{shown}," + ",".join(f"{value * 100:8.4f}" for value in row))
    return archive({"factors.CSV": ("\r\n".join([*lines, "", "Copyright"]) + "\r\n").encode()})


def stata(dates: list[str], columns: Mapping[str, list[float]], date_column: str) -> bytes:
    """Write a Stata file in single precision."""
    table = pd.DataFrame(columns).astype("float32")
    table.insert(0, date_column, pd.to_datetime(dates))
    buffer = io.BytesIO()
    form = "tm" if date_column == "month" else "td"
    table.to_stata(buffer, write_index=False, convert_dates={date_column: form})
    return buffer.getvalue()


def csv(columns: Mapping[str, list]) -> bytes:
    """Write plain CSV."""
    return pd.DataFrame(columns).to_csv(index=False, lineterminator="\n").encode()


def yahoo(returns: Values, symbol: str, currency: str = "USD", before: str = "2020-01-01") -> bytes:
    """Write a chart whose prices are made up and move as given, opening at 9:30 in New York winter."""
    days, closes = [before], [100.0]
    for day in sorted(returns):
        days.append(day)
        closes.append(closes[-1] * (1 + returns[day]))
    moments = [int(pd.Timestamp(f"{day} 14:30", tz="UTC").timestamp()) for day in days]
    result = {
        "meta": {"symbol": symbol, "currency": currency, "gmtoffset": -18000},
        "timestamp": moments,
        "indicators": {"quote": [{"close": closes}], "adjclose": [{"adjclose": closes}]},
    }
    return as_json({"chart": {"result": [result], "error": None}})
