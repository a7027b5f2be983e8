"""A table for people, and one JSON line per figure."""

import json

from lib.stats import Series, ratio


class Report:
    def __init__(self, bench):
        self.bench = bench
        self.missed = []
        self.lines = []

    def line(self, **members):
        self.lines.append(json.dumps({"bench": self.bench, **members}, ensure_ascii=False))

    def end(self):
        print()
        for line in self.lines:
            print(line)

    def say(self, words):
        print(f"  {words}")

    def table(self, heads, rows):
        rows = [[str(cell) for cell in row] for row in [heads, *rows]]
        widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
        print()
        for row in rows:
            first, *others = (cell.rjust(width) for cell, width in zip(row, widths))
            print("  " + "  ".join([first.strip().ljust(widths[0]), *others]))
        print()

    def figure(self, subject, figure, series, unit):
        self.line(
            subject=subject,
            figure=figure,
            median=round(series.median, 4),
            low=round(series.low, 4),
            high=round(series.high, 4),
            rounds=[round(value, 4) for value in series.values],
            unit=unit,
        )

    def ratio(self, subject, peer, figure, ours, theirs, floor=None):
        """ours / theirs; with `floor` it must not be less."""
        value, pairs = ratio(ours, theirs)
        words = f"{figure}: {subject} / {peer} = {value:.2f}"
        words += f" (rounds {pairs.low:.2f} – {pairs.high:.2f})"
        self.verdict(words, value, floor, value >= (floor or 0), subject, peer, figure)

    def limit(self, subject, figure, series, unit, most):
        words = f"{figure}: {series.median:,.1f} {unit}"
        self.verdict(words, series.median, most, series.median <= most, subject, None, figure)

    def verdict(self, words, value, bound, fine, subject, peer, figure):
        verdict = None
        if bound is not None:
            verdict = "reached" if fine else "missed"
            words += f", bound {bound:g}: {verdict}"
            if not fine:
                self.missed.append(words)
        self.say(words)
        members = {"subject": subject, "figure": f"{figure}: ratio" if peer else figure}
        if peer:
            members["peer"] = peer
        self.line(**members, value=round(value, 4), bound=bound, verdict=verdict)

    def rates(self, contenders):
        """What wrk measured."""
        heads = ["", "requests/s", "CPU µs/request", "p50 ms", "p99 ms", "server busy", "client busy"]
        rows = []
        for one in contenders:
            busy = f"{one.series('busy').median:.0%}"
            if one.has_time_left():
                busy += " (not full)"
            rows.append(
                [
                    one.name,
                    one.series("rate").text(),
                    one.series("cpu_micros").text(2),
                    one.series("p50").text(2),
                    one.series("p99").text(2),
                    busy,
                    f"{one.series('client_busy').median:.0%}",
                ]
            )
        self.table(heads, rows)
        if any(one.has_time_left() for one in contenders):
            self.say("not full: the client, or other load, is the limit: compare CPU per request")
        for one in contenders:
            self.figure(one.name, "requests", one.series("rate"), "1/s")
            self.figure(one.name, "cpu", one.series("cpu_micros"), "µs/request")

    def against(self, ours, theirs, floor=None, work_floor=None):
        """Requests per second, and the work behind one request. The floors: the least of each."""
        rates = ours.series("rate"), theirs.series("rate")
        self.ratio(ours.name, theirs.name, "requests/s", *rates, floor)
        work = Series(1 / v for v in ours.series("cpu_micros").values)
        their_work = Series(1 / v for v in theirs.series("cpu_micros").values)
        self.ratio(ours.name, theirs.name, "requests per CPU second", work, their_work, work_floor)
