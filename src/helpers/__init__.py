"""What the notebooks share: data and time, methods, figures and tables, records and claims."""

__version__ = "0.4.0"
