"""The form of every table of the data package: its columns, their types, their rules and their meaning.

Pure data: ``datapackage.json`` is written from it and ``validation`` checks against it. The forms of the
younger tables stand in ``schema.csv``, one column a row.
"""

import csv
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    description : str
    type : str
        Frictionless type: ``string``, ``number`` or ``date``.
    required : bool
        A blank is an error.
    values : tuple of str
        The only texts allowed; empty means any text.
    """

    name: str
    description: str
    type: str = "string"
    required: bool = True
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One kind of table: title, columns, primary key, and links ``(column, table, column)`` to others."""

    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    links: tuple[tuple[str, str, str], ...] = ()

    @property
    def names(self) -> list[str]:
        """Column names in file order."""
        return [column.name for column in self.columns]


CATEGORIES = (
    "summit_leaders",
    "summit_ai",
    "dialogue",
    "export_control",
    "control_easing",
    "counter_measure",
    "trade_truce",
    "industrial_policy",
    "investment",
    "market_shock",
    "model_release",
)
FREQUENCIES = ("D", "M", "Q", "H", "A", "E")
LICENCE_FLAGS = ("ND", "NC")
REDISTRIBUTION = ("open", "derived", "fetch")

_licence = Column("licence", "Licence or terms of the publisher")
_flag = Column(
    "licence_flag",
    "ND: no derivatives; NC: non-commercial; blank: neither",
    required=False,
    values=LICENCE_FLAGS,
)
_redistribution = Column(
    "redistribution",
    "open: values are bundled; derived: only growth, returns or changes are; fetch: nothing is",
    values=REDISTRIBUTION,
)
_source = Column("source_id", "Where the value was read; a row of sources.csv")
_vintage = Column("vintage", "Earliest day for which there is evidence that the value was public", "date")

SERIES = Table(
    "Catalogue of series",
    (
        Column("series_id", "Name of the series"),
        Column("title", "Title in plain words"),
        Column("table", "File in observations/ that holds the values"),
        Column(
            "frequency",
            "D day, M month, Q quarter (end date), H half-year (end date), A year, E dated fact",
            values=FREQUENCIES,
        ),
        Column("unit", "Unit of the stored values"),
        Column("currency", "ISO 4217 code, blank where the unit is no currency", required=False),
        Column(
            "price_basis",
            "Prices behind a money value",
            values=("nominal", "constant 2021", "index", "not applicable"),
        ),
        Column("seasonal", "Seasonal adjustment by the publisher", values=("NSA", "SA", "not applicable")),
        Column(
            "averaging",
            "Averaging or accumulation over time",
            values=("none", "3-month mean", "running maximum", "cumulative"),
        ),
        Column("stored_as", "What the stored number is", values=("level", "growth", "return", "change")),
        Column("entity", "Country, company or group the series describes", required=False),
        Column("reporter", "Country that reports the trade", required=False),
        Column("partner", "Country at the other end of the trade", required=False),
        Column("flow", "Direction seen from the reporter", required=False, values=("export", "import")),
        Column("product", "HS heading, product or group", required=False),
        Column("basket", "Basket of baskets.csv the series measures", required=False),
        Column("publisher", "Body that publishes the statistic"),
        Column("definition", "What is counted and how"),
        Column("caution", "What a reader must know before using it", required=False),
        _licence,
        _flag,
        _redistribution,
        Column("loader", "Endpoint that fetches the series from its publisher", required=False),
    ),
    ("series_id",),
)
SOURCES = Table(
    "Sources",
    (
        Column("source_id", "Name of the source"),
        Column("publisher", "Body that publishes the figures"),
        Column("title", "Title in plain words"),
        Column("url", "Address of the publisher's data", required=False),
        Column("read_from", "Copy, file or page in which the figures were read"),
        _licence,
        _flag,
        _redistribution,
        Column("vintage_rule", "How the vintage of a value from this source was set, and why"),
        Column("coverage", "What the source covers", required=False),
        Column("frequency", "Frequency as the source states it", required=False),
        Column("date_convention", "How the source dates its periods", required=False),
        Column("notes", "Cross-checks and cautions", required=False),
    ),
    ("source_id",),
)
OBSERVATIONS = Table(
    "Observations",
    (
        Column("series_id", "A row of series.csv"),
        Column(
            "period", "What the value is about: 2021-06-30, 2021-06 or 2021, by the frequency of the series"
        ),
        Column("value", "The number, in the unit of the series", "number"),
        _vintage,
        _source,
    ),
    ("series_id", "period", "vintage"),
    (("series_id", "series", "series_id"), ("source_id", "sources", "source_id")),
)
EVENTS = Table(
    "Events",
    (
        Column("event_id", "Name of the event"),
        Column("date", "First day", "date"),
        Column("end_date", "Last day where it lasted longer than one", "date", required=False),
        Column(
            "date_kind",
            "What the date is: announced, effective, held (took place), released or scheduled",
            values=("announced", "effective", "held", "released", "scheduled"),
        ),
        Column("category", "Kind of event", values=CATEGORIES),
        Column("actors", "Countries and bodies, the acting side first, joined by ;"),
        Column(
            "direction",
            "Effect on technology trade between the two countries",
            values=("tightening", "easing", "cooperation", "neutral"),
        ),
        Column("title", "Title in plain words"),
        Column("label", "Short name for figures, at most 30 characters"),
        Column("phrase", "What follows a word such as after: the meeting in Lima"),
        Column("sentence", "What happened, in one plain sentence"),
        Column("summary", "What happened, in one or two sentences"),
        Column(
            "ai_on_agenda",
            "Whether AI was on the agenda; blank where the event is no meeting",
            required=False,
            values=("yes", "no", "unknown"),
        ),
        Column(
            "anticipated_from",
            "First day a text expected the event; blank is unknown",
            "date",
            required=False,
        ),
        Column("announced_zone", "Time zone of the announcement (IANA name), or unknown"),
        Column("announced_time", "Local time there as 17:30, where it is known", required=False),
        Column(
            "us_session",
            "Place of the announcement in the New York trading day",
            values=("before_open", "during", "after_close", "closed", "unknown"),
        ),
        Column("source_url", "Address of the source", required=False),
        Column("source_title", "Title of the source", required=False),
        Column("second_source_url", "Address of a second source", required=False),
        Column("confidence", "Confidence in the date and the facts", values=("high", "medium", "low")),
        Column("verified", "Whether a page that was read states the date", values=("yes", "no")),
        Column(
            "public_from",
            "First public day where it is later than date; for a visit of several days, the day of the talks",
            "date",
            required=False,
        ),
        Column("dating_note", "Why this day and session, with the page that says so", required=False),
        Column(
            "leader_meeting",
            "yes: a meeting of the two leaders by the rule in the README of the package",
            required=False,
            values=("yes",),
        ),
        Column("first_us_trading_day", "First New York session that could react (derived)", "date"),
        Column("first_asia_trading_day", "First Hong Kong session that could react (derived)", "date"),
    ),
    ("event_id",),
)
BASKETS = Table(
    "Baskets of HS codes",
    (
        Column("basket", "Name of the basket"),
        Column("hs_code", "Heading or subheading, digits only"),
        Column("hs_revision", "Revision of the Harmonized System in which the code is read"),
        Column("title", "Title of the code"),
        Column("role", "What the code stands for", values=("chips", "equipment", "servers")),
        Column("reason", "Why the code is in the basket"),
        Column("confidence", "How well the code stands for its role", values=("high", "medium", "low")),
        Column("from_year", "First year of the code in this sense"),
        Column("to_year", "Last year, blank if in force", required=False),
    ),
    ("basket", "hs_code"),
)
MODELS = Table(
    "Notable models with a US or Chinese organisation (Epoch AI)",
    (
        Column("model", "Name of the model"),
        Column("organization", "Organisations, joined by commas as published"),
        Column("country_group", "United States, China, both, or either with others"),
        Column("countries", "Countries of the organisations, joined by ;"),
        Column("date", "Publication date of the model", "date"),
        Column(
            "training_compute_flop", "Training compute in floating-point operations", "number", required=False
        ),
        Column("confidence", "Epoch's confidence in the compute value", required=False),
        _source,
        _vintage,
    ),
    (),
    (("source_id", "sources", "source_id"),),
)
ECI_MODELS = Table(
    "Models that set a US or Chinese record in the Epoch Capabilities Index",
    (
        Column("model", "Name of the model"),
        Column("organization", "Organisation"),
        Column("country", "Country of the organisation"),
        Column("release_date", "Release date", "date"),
        Column("eci", "Epoch Capabilities Index", "number"),
        Column("accessibility", "How the weights can be had", required=False),
        _source,
        _vintage,
    ),
    (),
    (("source_id", "sources", "source_id"),),
)
HARDWARE = Table(
    "Accelerators (Epoch AI)",
    (
        Column("hardware", "Name of the accelerator"),
        Column("manufacturer", "Maker", required=False),
        Column("release_date", "Release date", "date", required=False),
        Column("fp16_tensor_flops", "Tensor FP16 operations per second", "number", required=False),
        Column(
            "total_processing_performance",
            "Total processing performance as the export rules define it",
            "number",
            required=False,
        ),
        Column("memory_bytes", "Memory in bytes", "number", required=False),
        Column("memory_bandwidth_bytes_s", "Memory bandwidth in bytes per second", "number", required=False),
        Column("tdp_w", "Thermal design power in watts", "number", required=False),
        Column("process_nm", "Process size in nanometres", "number", required=False),
        _source,
        _vintage,
    ),
    (),
    (("source_id", "sources", "source_id"),),
)
ARENA_LEADERS = Table(
    "Leading US and Chinese model on the text arena, by month",
    (
        Column("snapshot_date", "Day of the leaderboard", "date"),
        Column("basis", "Raw score or style control"),
        Column("us_top_model", "Leading US model"),
        Column("us_top_score", "Its score", "number"),
        Column("china_top_model", "Leading Chinese model"),
        Column("china_top_score", "Its score", "number"),
        Column("gap", "US score minus Chinese score", "number"),
        _source,
        _vintage,
    ),
    ("snapshot_date", "basis"),
    (("source_id", "sources", "source_id"),),
)
SHARES = Table(
    "Shares and funds behind the return series",
    (
        Column("ticker", "Symbol"),
        Column("series_id", "Return series"),
        Column("name", "Company or fund"),
        Column("group", "Group the share belongs to"),
        Column("exchange", "Exchange"),
        Column("currency", "Trading currency"),
        Column("calendar", "Exchange calendar (exchange_calendars name)"),
        Column("close_local", "Time zone and hour of the close"),
        Column("adjustment", "Adjustment of the prices the returns come from"),
        Column("note", "Halts, bonus issues and links", required=False),
        _source,
        _vintage,
    ),
    ("ticker",),
    (("series_id", "series", "series_id"), ("source_id", "sources", "source_id")),
)
NARRATIVE_CLAIMS = Table(
    "What would support or contradict each statement of the public narrative",
    (
        Column("claim_id", "Claim of claims.yml"),
        Column("claim", "The statement"),
        Column("testable", "Whether series can bear on it"),
        Column("series_needed", "Series that would bear on it"),
        Column("event_ids", "Events that matter, joined by ;", required=False),
        Column("supports_if", "What would support it"),
        Column("contradicts_if", "What would contradict it"),
    ),
    ("claim_id",),
)

TABLES = {
    "series.csv": SERIES,
    "sources.csv": SOURCES,
    "events.csv": EVENTS,
    "baskets.csv": BASKETS,
    "lists/models.csv": MODELS,
    "lists/eci_models.csv": ECI_MODELS,
    "lists/hardware.csv": HARDWARE,
    "lists/arena_leaders.csv": ARENA_LEADERS,
    "lists/shares.csv": SHARES,
    "lists/narrative_claims.csv": NARRATIVE_CLAIMS,
}


def _read_forms(path: Path) -> dict[str, Table]:
    """Read table forms from CSV rows sorted by table; the first row of a table holds its title."""
    forms = {}
    with path.open(encoding="utf-8", newline="") as file:
        for table, (first, *rows) in groupby(csv.DictReader(file), lambda row: row["table"]):
            columns = [
                Column(
                    row["column"],
                    row["description"],
                    row["type"],
                    row["required"] == "yes",
                    tuple(row["values"].split(";")) if row["values"] else (),
                )
                for row in rows
            ]
            links = [(row["column"], *row["link"].split(".")) for row in rows if row["link"]]
            key = tuple(row["column"] for row in rows if row["key"])
            forms[table] = Table(first["description"], tuple(columns), key, tuple(links))
    return forms


TABLES |= _read_forms(Path(__file__).with_name("schema.csv"))


def table_of(path: str) -> Table | None:
    """Return the form of the table at ``path`` in the data package, None if there is no such table."""
    return OBSERVATIONS if path.startswith("observations/") and path.endswith(".csv") else TABLES.get(path)
