"""How far long work is, in words: rows, rows a second, time left where that can be known."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ReadingPace:
    """Rows as they are read. `total`: how many the files say they hold, if they do."""

    total: int | None = None
    rows: int = 0
    _before: int = 0  # rows of the sheets that are through: each sheet counts from one
    _latest: int = 0

    def heard(self, row: int) -> None:
        """The reader is at a row of the sheet it reads."""
        if row < self._latest:
            self._before += self._latest
        self._latest = row
        self.rows = self._before + row

    def share(self) -> float | None:
        """Which part of the rows is read; None where that is not known."""
        return min(self.rows / self.total, 0.99) if self.total else None

    def said(self, seconds: float) -> str:
        """12,000 of 60,856 rows · 24,000 rows a second · 2 seconds left"""
        if not self.rows:
            return f"{self.total:,} rows" if self.total else ""
        known = self.total is not None and self.total >= self.rows
        parts = [f"{self.rows:,} of {self.total:,} rows" if known else f"{self.rows:,} rows"]
        if seconds > 0:
            parts.append(f"{round(self.rows / seconds):,} rows a second")
        if known and self.total:
            parts.append(left((self.total - self.rows) * seconds / self.rows))
        return " · ".join(parts)


@dataclass
class TakingPace:
    """Sheets as they are taken: each takes about as long as its rehearsal, which ran the very same code, took.

    `rows` of each sheet in the order in which they are taken; `rehearsed`: how many seconds each took then.
    """

    rows: list[tuple[str, int]]
    rehearsed: list[float] = field(default_factory=list)
    at: int = -1
    began: float = 0.0
    _first: float = 0.0  # when the first sheet began

    def sheet(self, now: float) -> None:
        """The next sheet begins."""
        self.at += 1
        self.began = now
        if self.at == 0:
            self._first = now

    def share(self, now: float) -> float | None:
        """Which part of the work is done; None while nothing was rehearsed."""
        whole = sum(self.rehearsed)
        if self.at < 0 or whole <= 0 or len(self.rehearsed) != len(self.rows):
            return None
        here = min(now - self.began, self.rehearsed[self.at])
        return min((sum(self.rehearsed[: self.at]) + here) / whole, 0.99)

    def said(self, now: float) -> str:
        """sheet 2 of 3, Sales · 41 % · 25,000 of 60,855 rows · 9,100 rows a second · 4 seconds left

        Before anything was rehearsed nobody knows what is left: only what is through, and for how long it runs.
        """
        if self.at < 0:
            return ""
        parts = [f"sheet {self.at + 1} of {len(self.rows)}, {self.rows[self.at][0]}"]
        share, whole, total = self.share(now), sum(self.rehearsed), sum(count for _, count in self.rows)
        if share is None:
            here = self.rows[self.at][1]
            parts[0] += f", {here:,} row{'' if here == 1 else 's'}"
            before = sum(count for _, count in self.rows[: self.at])
            parts += [f"{before:,} of {total:,} rows through"] if before else []
            return " · ".join([*parts, so_far(now - self._first)])
        parts += [f"{share:.0%}", f"about {round(total * share):,} of {total:,} rows"]
        parts += [f"{round(total / whole):,} rows a second", left(whole * (1 - share))]
        return " · ".join(parts)


def so_far(seconds: float) -> str:
    """How long it runs already."""
    if seconds < 90:
        return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'} so far"
    return f"{seconds / 60:.0f} minutes so far"


def left(seconds: float) -> str:
    """How long it will take yet, as people say it."""
    if seconds < 1.5:
        return "about a second left"
    return f"about {seconds:.0f} seconds left" if seconds < 90 else f"about {seconds / 60:.0f} minutes left"
