"""What the benchmark of speed makes of its measurements; the measurements themselves take minutes."""

import importlib.util

import stub_collection as stub


def load_benchmark(name: str):
    spec = importlib.util.spec_from_file_location(name, stub.ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


speed, picture = load_benchmark("speed"), load_benchmark("first_picture")


def test_scripts_are_divided_by_their_times() -> None:
    assert speed.halves({"a": 1, "b": 5, "c": 3, "d": 2}) == [["b", "a"], ["c", "d"]]
    assert speed.halves({"a": 1}) == [["a"]]


def test_the_table_takes_its_place_on_the_page() -> None:
    rows = [("cold run", 5.0, "two processes", 4.0, "1.25"), ("nothing to do", 0.4, "", None, "1.0 s")]
    table = speed.table(rows)
    assert "| cold run | 5.00 | two processes | 1.25 | 1.25 |\n" in table
    assert "| nothing to do | 0.40 |  |  | 1.0 s |" in table
    page = speed.PAGE.read_text()
    written = speed.placed(table, page)
    assert table in written and speed.placed(table, written) == written
    assert written.partition("<!-- speed -->")[0] == page.partition("<!-- speed -->")[0]


def test_the_first_picture_takes_its_place_and_leaves_the_rest() -> None:
    rows = [("pages", "clone", 2.0), ("pages", "**together**", 12.0)]
    table = picture.table(rows, {".venv-pages": 217.0})
    assert "| pages | clone | 2.0 |" in table and ".venv-pages 217 MB" in table
    page = "before\n<!-- first picture -->\n<!-- end of first picture -->\nafter\n"
    written = picture.placed(table, page)
    assert table in written and picture.placed(table, written) == written
    assert written.startswith("before\n") and written.endswith("\nafter\n")
    assert picture.MARKS[0] in picture.PAGE.read_text(encoding="utf-8")
