"""Live sources: one small client per publisher, one transport for all. No notebook imports this package.

A client names the series it serves (`label`), says what to ask (`requests`) and reads the reply (`parse`).
To add a publisher, write such a module and add its name below. To add a series, add a row to
``data/series.csv``.
"""

from importlib import import_module

NAMES = (
    "ai_gpr",
    "cboe_vix",
    "census",
    "comtrade",
    "epoch",
    "estat",
    "eurostat",
    "fama_french",
    "finmind",
    "fred",
    "gpr",
    "korea_customs",
    "owid",
    "policy_uncertainty",
    "sec_facts",
    "taiwan_mof",
    "wsts",
    "yahoo_prices",
)
CLIENTS = tuple(import_module(f"summits.publishers.{name}") for name in NAMES)
PUBLISHERS = {client.PUBLISHER.name: client.PUBLISHER for client in CLIENTS}
