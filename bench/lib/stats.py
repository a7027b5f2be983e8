"""Medians and how far apart the rounds were."""

import statistics


class Series:
    """One figure, measured several times."""

    def __init__(self, values=()):
        self.values = list(values)

    def add(self, value):
        self.values.append(value)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def low(self):
        return min(self.values)

    @property
    def high(self):
        return max(self.values)

    def text(self, digits=0):
        """median (least – most)"""
        middle, low, high = (f"{v:,.{digits}f}" for v in (self.median, self.low, self.high))
        return middle if len(self.values) == 1 else f"{middle} ({low} – {high})"


def ratio(ours, theirs):
    """The ratio of the medians, and the ratios of the rounds that were measured side by side."""
    of_pairs = [a / b for a, b in zip(ours.values, theirs.values)]
    return ours.median / theirs.median, Series(of_pairs)
