"""Estimators and the rule that judges them: arrays and frames in, frozen results out.

What several estimators share stands in a module of its own (checks, results, placebo, comparison, power).
Most results show themselves as one short table, ``.summary()``; an estimate offers ``.record()``, the mapping
that ``helpers.records.record`` takes. Nothing here reads the data package or draws.
"""
