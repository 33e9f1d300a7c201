"""The command `summits`. It reads the command line, calls one function, prints, and chooses the exit code."""

import json
import os
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

FAILED, USAGE, CHANGED, REFUSED, CHANGED_AND_REFUSED, INTERRUPTED = 1, 2, 10, 11, 12, 130
FOLDERS = ("SUMMITS_DATA", "SUMMITS_RUNS")


class Commands(click.Group):
    """Turns the project's own errors into one line each and exit code 2, and those of the system into 1."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(context)
        except BrokenPipeError:
            # The reader, such as `head`, has had enough. Click ends quietly then.
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted. What is in place is whole; the same call goes on from there.", err=True)
            sys.exit(INTERRUPTED)
        except OSError as error:
            click.echo(f"summits: {error}", err=True)
            sys.exit(FAILED)
        except ValueError as error:
            if not type(error).__module__.startswith(("helpers.", "summits.")):
                raise
            click.echo("\n".join(f"summits: {line}" for line in str(error).splitlines()), err=True)
            sys.exit(USAGE)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="chips-and-summits", prog_name="summits")
def main() -> None:
    """Chips & Summits: run the notebooks, see how they stand, build the site.

    Exit codes: 0 all well, 1 something failed, 2 wrong use, 130 interrupted; `changes`, `compare` and `rerun`
    also 10, something changed or differs; `rerun` also 11, a publisher was refused, and 12, both.
    """
    # A notebook runs in another folder: a relative one would mean another place there.
    os.environ |= {k: os.path.abspath(v) for k, v in os.environ.items() if v and k in FOLDERS}


DASK = click.option("--dask", "address", metavar="ADDRESS", default="", help="Run on a scheduler's workers.")
Texts = tuple[str, ...]
JOBS = click.option(
    "-j", "workers", type=click.IntRange(min=1), default=2, show_default=True, help="Processes, at most."
)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
QUIET = click.option("--quiet", "-q", is_flag=True, help="No progress, as where the output is no terminal.")
JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")
ATTRIBUTE = click.option("--attribute", is_flag=True, help="Run again what moved, to say why it did.")
PUBLISH = click.option("--publish", is_flag=True, help="Copy the published results over the notebooks.")
MOST_UNASKED, FEW = 50, 10  # runs


def _progress(quiet: bool = False) -> Callable[[str], None]:
    """Return what takes the lines of progress: nothing, unless somebody watches."""
    return lambda line: None if quiet or not sys.stderr.isatty() else click.echo(line, err=True)


@main.command()
@click.argument("notebook", nargs=-1)
@click.option("-p", "assignments", metavar="NAME=VALUE", multiple=True, help="Set a parameter (repeatable).")
@click.option("-f", "file", type=FILE, help="Parameters as YAML, `name: value`; -p goes before it.")
@JOBS
@DASK
@click.option("--force", is_flag=True, help="Run the notebooks named (or all) even if they are fresh.")
@click.option("--dry-run", is_flag=True, help="Say what would run and why, and run nothing.")
@QUIET
@PUBLISH
def run(
    notebook: Texts,
    assignments: Texts,
    file: Path | None,
    workers: int,
    address: str,
    force: bool,
    dry_run: bool,
    quiet: bool,
    publish: bool,
) -> None:
    """Execute notebooks whose result is not fresh.

    NOTEBOOK is an id, its number, or its file; without one, the whole collection runs. Results are kept under
    runs/, by notebook and parameter set. A failed run never replaces a good result.

    \b
    summits run                               everything that is not fresh
    summits run 02 -p as_of=2021-06-30        one notebook, as of a date
    """
    from summits import command

    if publish and (assignments or file):
        raise click.UsageError("--publish takes the published parameters only; leave out -p and -f.")
    runs = command.planned(notebook, assignments, file)
    if dry_run:
        for line in command.preview(runs):
            click.echo(line)
        return
    forced = command.named(notebook) if force else ()
    endings = command.execute(runs, workers, _progress(quiet), address, forced)
    for path in command.publish(runs) if publish else ():
        click.echo(f"  published {path.name}")
    sys.exit(_tell(endings))


def _tell(endings: dict[str, str]) -> int:
    """Print the place of each result that was made, of few also the fresh ones; return the exit code."""
    from helpers import paths

    listed = ("done", "fresh") if len(endings) <= FEW else ("done",)
    made = [f"{paths.runs_dir()}/{run}/notebook.ipynb" for run, ending in endings.items() if ending in listed]
    counts = Counter(endings.values())
    kinds = [f"{counts[kind]} {kind}" for kind in ("done", "fresh", "failed", "not run") if counts[kind]]
    # The program beside this Python, so that the line works as it stands.
    jupyter, *made = map(os.path.relpath, (str(Path(sys.executable).with_name("jupyter")), *made))
    way = f"Open one: {shlex.join([jupyter, 'lab', made[-1]])}" if made else f"Results: {paths.runs_dir()}"
    click.echo("\n".join([*made, f"{len(endings)} runs: {', '.join(kinds)}. {way}"]))
    return FAILED if counts["failed"] or counts["not run"] else 0


@main.command()
@click.argument("notebook")
@click.option("-p", "assignments", metavar="NAME=VALUE,VALUE", multiple=True, help="Values (repeatable).")
@click.option("--record", default="", help="The record to compare in the figure; one is chosen if not given.")
@JOBS
@DASK
@click.option("--yes", is_flag=True, help="Do not ask, however many runs there are.")
@QUIET
def sweep(
    notebook: str, assignments: Texts, record: str, workers: int, address: str, yes: bool, quiet: bool
) -> None:
    """Run NOTEBOOK with every combination of the values, and compare what the runs recorded.

    Without -p, the `sweeps` of the notebook in collection.yml run. The records of all runs are collected in
    one table under runs/NOTEBOOK/_sweeps/, with a figure that compares one of them.

    \b
    summits sweep 09 -p window_days=30..90/30 -p as_of=,2025-12-31
    """
    from summits import command, plan, sweeps

    runs = command.planned([notebook], assignments, sweep=True)
    click.echo(f"{len(runs)} runs", err=True)
    if len(runs) > MOST_UNASKED and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError(f"These are {len(runs)} runs. Add --yes if you mean it.")
        click.confirm("Execute what is not fresh of them?", abort=True, err=True)
    endings = command.execute(runs, workers, _progress(quiet), address)
    found = sweeps.collect([each for each in runs if each.notebook == plan.find(notebook)], record)
    code = _tell(endings)
    for run in found.missing:
        click.echo(f"  not in the table: {run}")
    click.echo(f"Table: {found.table}")
    if found.figure:
        click.echo(f"Figure of {found.record}: {found.figure}")
    sys.exit(code)


@main.command()
@click.argument("before", required=False, type=FOLDER)
@click.argument("after", required=False, type=FOLDER)
@ATTRIBUTE
@JSON
@JOBS
def changes(before: Path | None, after: Path | None, attribute: bool, as_json: bool, workers: int) -> None:
    """Say what changed between two sets of runs, and why.

    BEFORE and AFTER are folders of runs, or each that of one run of a notebook. Without them, the published
    results are compared with those they replaced. The report is also written as a page, below runs/_changes/.

    Exit codes: 0 nothing changed, 10 something changed, 1 failed, 2 wrong use.
    """
    from summits import change_report, command

    report, folder = command.changes(before, after, attribute=attribute, workers=workers, echo=_progress())
    click.echo(change_report.as_json(report) if as_json else change_report.as_markdown(report), nl=False)
    click.echo(f"Page: {folder / 'changes.html'}", err=True)
    sys.exit(CHANGED if report["changed"] else 0)


@main.command()
@click.argument("first")
@click.argument("second")
@click.option(
    "--page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with the figures."
)
@JSON
def compare(first: str, second: str, page: Path | None, as_json: bool) -> None:
    """Set two runs of one notebook side by side.

    FIRST and SECOND are each a run (09/window_60), a notebook with parameters (09:window_days=60), or an
    executed file. A notebook alone is its published run.

    Exit codes: 0 nothing differs, 10 something does, 1 failed, 2 wrong use.
    """
    from summits import side_by_side

    pair = side_by_side.find(first), side_by_side.find(second)
    report = side_by_side.compare(*pair)
    click.echo(json.dumps(report, indent=1, ensure_ascii=False) if as_json else side_by_side.as_text(report))
    if page:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(side_by_side.as_page(report, *pair), encoding="utf-8")
        click.echo(f"Page: {page}", err=True)
    sys.exit(CHANGED if report["differs"] else 0)


@main.command()
@ATTRIBUTE
@PUBLISH
@JOBS
def rerun(attribute: bool, publish: bool, workers: int) -> None:
    """Refresh if configured, run what is due, say what changed, build the pages.

    For a scheduler: it keeps no state and is safe to call twice. What to refresh stands in collection.yml,
    under `rerun`. What it says is also kept, with the time, below runs/_log/.

    Exit codes: 0 nothing changed, 10 something changed, 11 a publisher was refused or its figures wait for a
    person, 12 both, 1 a run failed, 2 wrong use, 130 interrupted.
    """
    from summits import rerun as rerunning

    codes = {(True, False): CHANGED, (False, True): REFUSED, (True, True): CHANGED_AND_REFUSED}
    with rerunning.logged(click.echo) as tell:
        done = rerunning.rerun(
            attribute=attribute, publish=publish, workers=workers, echo=tell, progress=_progress()
        )
        code = FAILED if done.failed else codes.get((done.changed, bool(done.refused)), 0)
        tell(done.summary(code))
    sys.exit(code)


@main.command()
@JSON
@click.option("--check", "as_check", is_flag=True, help="For a monitor: exit code 1 if something is amiss.")
def status(as_json: bool, as_check: bool) -> None:
    """Show runs by state, and series by last period, vintage and next release.

    With --check, only what is amiss is shown: runs that are not fresh, series that are late or whose
    publisher was refused. Exit codes then: 0 all well, 1 something is amiss.
    """
    from summits import plan, release_dates, states
    from summits.change_report import filled

    runs = [{"run": r.id, "state": states.state(r), "changed": states.changed(r)} for r in plan.plan()]
    found = {"runs": runs, "series": release_dates.release_status()}
    if as_check:
        found["runs"] = [each for each in found["runs"] if each["state"] != "fresh"]
        # Data that every reader fetches alone are no fault of this place.
        awaited = (each for each in found["series"] if each["reason"] != "not fetched")
        found["series"] = [each for each in awaited if each["stale"]]
    click.echo(json.dumps(found, indent=1) if as_json else filled("status.txt.jinja", **found), nl=as_json)
    sys.exit(FAILED if as_check and any(found.values()) else 0)


@main.command()
@click.option("--source", "sources", metavar="NAME", multiple=True, help="A publisher (repeatable).")
@click.option("--series", metavar="ID", multiple=True, help="A series of the catalogue (repeatable).")
@click.option("--dry-run", is_flag=True, help="Fetch and compare, but write nothing.")
@click.option("--review", is_flag=True, help="Show what is unusual, old and new side by side, and ask.")
def refresh(sources: Texts, series: Texts, dry_run: bool, review: bool) -> None:
    """Bring the data up to date from their publishers.

    New and revised values are appended as a new vintage. A publisher whose reply is refused, or is unusual
    and waits for a person, keeps its last good data and is labelled stale. One whose key is not set is
    skipped. The page on sources lists the names of the publishers and their keys.

    \b
    summits refresh --source fred --dry-run    what would FRED add?
    summits refresh --series us_exp_cn_hs8542

    Exit codes: 0 all well, 1 a publisher was refused or waits, or one that was asked for by name was skipped,
    2 wrong use, 130 interrupted.
    """
    from summits import refresh as refreshing

    def ask(fault: refreshing.Unusual) -> bool:
        click.echo("\n".join([str(fault), *refreshing.side_by_side(fault.changes, most=60)]))
        try:
            return click.confirm("Take the new values?")
        except click.Abort:
            return False

    def tell(outcome: refreshing.Outcome) -> None:
        click.echo("\n".join(outcome.lines()))

    decide = ask if review else lambda fault: False
    outcomes = refreshing.refresh(sources, series, dry_run, report=tell, review=decide)
    skipped_counts = bool(sources or series)
    failed = [each for each in outcomes if each.reason and (each.state != "skipped" or skipped_counts)]
    sys.exit(FAILED if failed else 0)


@main.command("list")
def list_notebooks() -> None:
    """List the notebooks with their questions and named parameter sets."""
    from summits import plan

    for name, entry in sorted(plan.collection().items()):
        click.echo(f"{name:28} {', '.join(entry['runs'])}\n  {entry['question']}")


@main.command()
@click.argument("name")
@click.option("--question", prompt="What does it ask?", help="What the notebook asks; it becomes the title.")
def new_notebook(name: str, question: str) -> None:
    """Write the notebook NAME, such as 90_patents, from the template, and list it in the collection."""
    from summits import additions

    click.echo(f"{additions.new_notebook(name, question)}: edit it, then `summits run {name[:2]} --publish`.")


@main.command()
@click.argument("notebook")
def params(notebook: str) -> None:
    """Show the parameters of NOTEBOOK: type, default and meaning."""
    from helpers import paths
    from summits import notebooks, parameters, plan

    source = notebooks.read(paths.notebooks_dir() / f"{plan.find(notebook)}.ipynb")
    for each in parameters.schema(source).values():
        click.echo(f"{each.name:20} {each.type:6} {each.default!r:24} {each.comment}")


@main.command()
def site() -> None:
    """Build the pages from the executed notebooks."""
    from helpers import paths
    from summits import site as pages

    click.echo(f"Site: {pages.build(paths.runs_dir(), paths.root() / '_build' / 'site')}")


@main.group()
def data() -> None:
    """Work on the data package."""


@data.command()
def check() -> None:
    """Check the data package; every problem with file, row and mend."""
    from summits import validation

    _tell_problems(validation.check())


@data.command()
def describe() -> None:
    """After an edit by hand: put the rows in order, bring datapackage.json up to date, and check."""
    from summits import additions

    _tell_problems(additions.describe())


@data.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Write one tidy table (CSV, Parquet), the package as a zip, and an RO-Crate to FOLDER."""
    from summits import export as data_out

    click.echo("\n".join(map(str, data_out.export(folder))))


def _tell_problems(problems: Sequence[object]) -> None:
    last = f"data: {len(problems)} problems" if problems else "data: in order"
    click.echo("\n".join([*map(str, problems), last]))
    sys.exit(FAILED if problems else 0)


def _columns(of: str, **names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one option for each column of a table; `names` calls it otherwise, or leaves it out."""
    from helpers import schema

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        for column in reversed(schema.TABLES[of].columns):
            kind = click.Choice(column.values) if column.values else str
            if name := names.get(column.name, column.name):
                flag, meaning = f"--{name.replace('_', '-')}", column.description
                command = click.option(flag, column.name, type=kind, help=meaning)(command)
        return command

    return with_options


def _ask(table: str, given: dict[str, str | None]) -> dict[str, str]:
    """Ask in a terminal for what was not given as an option."""
    from helpers import schema
    from summits import additions

    if sys.stdin.isatty():
        for column in additions.columns_to_ask(schema.TABLES[table], given):
            default = None if column.required else ""
            values = column.values if column.required else (*column.values, "")
            kind = click.Choice(values) if column.values else str
            prompt = column.description
            given[column.name] = click.prompt(prompt, type=kind, default=default, show_default=False)
    return {name: text or "" for name, text in given.items()}


@data.command()
@_columns("events.csv", first_us_trading_day="", first_asia_trading_day="")
def add_event(**given: str | None) -> None:
    """Add a dated event: derive its trading days, put it in its place, describe the package, check.

    What is not given as an option is asked for in a terminal; else it must be given, if the column needs it.
    """
    from summits import additions

    row = additions.add_event(_ask("events.csv", given))
    place = f"data/events.csv row {row['row']}: {row['event_id']}"
    click.echo(f"{place}, trading days {row['days']}; data: in order")


@data.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--vintage", help="Day from which the values were public; today without it")
@click.option("--date-column", "date", default="date", show_default=True, help="Column of the dates in FILE")
@click.option("--value-column", "value", default="value", show_default=True, help="Column of the values")
@click.option("--separator", "sep", default=",", help="Between two cells of FILE, such as ;")
@click.option("--decimal", default=".", help="The decimal sign of FILE")
@click.option("--thousands", default=None, help="What FILE has between thousands, such as .")
@click.option("--date-format", default="ISO8601", help="Such as %d.%m.%Y; 2024-03-15 or 2024-03 without it")
@_columns("series.csv", series_id="id", publisher="source", table="", loader="")
def add_series(file: Path, **given: str | None) -> None:
    """Add the series of FILE, a CSV of date and value: catalogue, table, source, description, check.

    Id, title, frequency, unit, price basis, seasonal adjustment, source and whether the values may be passed
    on are asked for in a terminal if they are not given.
    """
    from summits import additions

    form = {name: given.pop(name) for name in ("date", "value", "sep", "decimal", "thousands", "date_format")}
    row = additions.add_series(file, _ask("series.csv", given), **form)
    click.echo(f"data/observations/own.csv: {row['series_id']}, {row['rows']} values; data: in order")


if __name__ == "__main__":
    main()
