"""What the notebooks share: data and time, methods, figures and tables, records and claims."""

__version__ = "0.6.2"


def __getattr__(name: str) -> object:
    """Give `read_series` and `study` when they are asked for, so that the import itself stays light."""
    if name in ("read_series", "study"):
        from pkgutil import resolve_name

        # By its name, so that a run does not depend on what only a study needs.
        value: object = resolve_name(f"helpers.studies:{name}")
        return value
    raise AttributeError(f"module 'helpers' has no attribute {name!r}")
