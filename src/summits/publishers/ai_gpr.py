"""AI-GPR: geopolitical risk read by a language model, in total and by directed pair of countries, monthly."""

import pandas as pd

from summits.publishers import reading
from summits.publishers.client import Request

HOST, FORM = "https://www.matteoiacoviello.com/ai_gpr_files", "csv"


def parse(body: bytes, request: Request) -> pd.DataFrame:
    """Read a date and the wanted columns."""
    table = reading.csv_table(body, ("Date",))
    return reading.columns_of(table, reading.days(table["Date"], "%Y-%m-%d"), request)
