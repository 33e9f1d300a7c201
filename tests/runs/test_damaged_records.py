"""A record that is damaged counts as absent, and the next run mends it."""

import stub_collection as stub

DAMAGES = ["", "{", "[]", '{"key": 1}', "null", "\x00" * 200, '{"notebook": "01_total"}']


def test_a_damaged_record_counts_as_absent_and_is_mended_by_the_next_run(checkout: stub.Checkout) -> None:
    checkout.write({"01_total": (stub.total_notebook(), {})})
    checkout.summits("run", "01")
    path = checkout.result("01_total", "record.json")
    whole = path.read_bytes()
    for damage in DAMAGES:
        path.write_text(damage)
        assert "fresh   01" not in checkout.summits("status"), damage
        checkout.summits("run", "01")
        assert path.read_bytes() == whole, damage
