"""Chips & Summits: the shared package that the notebooks import."""
