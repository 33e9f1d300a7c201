"""A record that is damaged counts as absent, and the next run mends it."""

import stub_collection as stub

from summits import archive

DAMAGES = ["", "{", "[]", '{"key": 1}', "null", "\x00" * 200, '{"notebook": "01_total"}']
# Those that are run: one that is no JSON, and one that is a record in part.
RUN = DAMAGES[1], DAMAGES[-1]


def test_a_damaged_record_counts_as_absent_and_is_mended_by_the_next_run(checkout: stub.Checkout) -> None:
    checkout.write({"01_total": (stub.total_notebook(), {})})
    checkout.summits("run", "01")
    path = checkout.result("01_total", "record.json")
    whole = path.read_bytes()
    assert archive.record(path)
    for damage in DAMAGES:
        path.write_text(damage)
        assert archive.record(path) == {}, damage
        if damage in RUN:
            assert "fresh   01" not in checkout.summits("status"), damage
            checkout.summits("run", "01")
            assert path.read_bytes() == whole, damage
