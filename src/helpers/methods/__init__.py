"""Estimators: pure functions on arrays and frames that return frozen results.

One file per estimator. A result offers ``.record()`` (the mapping that ``helpers.records.record`` takes) and
shows itself as one short table, ``.summary()``. Nothing here reads a file or draws.
"""
