"""AI-GPR: geopolitical risk read by a language model, in total and by directed pair of countries, monthly."""

from datetime import date

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Request, Wanted

ADDRESS = "https://www.matteoiacoviello.com/ai_gpr_files/ai_gpr_bilateral_monthly.csv"
COLUMNS = {"aigpr_total": "GPR_AI", "aigpr_usa_china": "USA|China", "aigpr_china_usa": "China|USA"}


def requests(wanted: dict[str, Wanted], today: date) -> list[Request]:
    """Ask for the one file."""
    return [Request(ADDRESS, "csv", wanted)]


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read a date and the wanted columns."""
    table = reading.csv_table(body, ("Date", *request.wanted))
    return reading.columns_of(table, reading.days(table["Date"], "%Y-%m-%d"), request)
