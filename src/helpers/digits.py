"""The digits of a number that are shown, and those that are the same on every machine."""

SHOWN = 6
CERTAIN = 12


def rounded(value: float) -> float:
    """Round to the six significant digits that are shown, over the twelve that are certain.

    The last bits of a number differ between processors. A half, such as the median of two counts, would be
    rounded now up, now down; over twelve digits it is a half everywhere. Minus zero becomes zero.
    """
    return float(f"{alike(value):.{SHOWN}g}") + 0.0


def alike(value: float) -> float:
    """Round to the digits that every machine computes alike, before a comparison that a last bit decides."""
    return float(f"{float(value):.{CERTAIN}g}")
