"""Estimators: pure functions on arrays and frames that return frozen results.

One file per estimator. A result offers ``.table()`` (a DataFrame), ``.record()`` (the mapping that
``helpers.records.record`` takes) and ``.sentence()``. Nothing here reads a file or draws.
"""
