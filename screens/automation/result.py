"""What a rehearsal or a backtest found, on the page of its trigger."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from prm_tui.domain.backtest import Backtest, Neighbour, Period, Rhythm
from prm_tui.domain.run import Effect, Run
from screens.automation.acts import told
from screens.automation.rows import EFFECT_COLUMNS, effect_line
from screens.text import plain, short_date, visible
from screens.widgets.table import Table

HIGH = 5


class Rehearsed(Vertical):
    """The sentences of a rehearsal, and what it would do, in order."""

    DEFAULT_CSS = """
    Rehearsed { display: none; height: 1fr; }
    Rehearsed.shown { display: block; }
    Rehearsed #told { height: auto; max-height: 9; padding: 0 3; margin: 1 0; }
    Rehearsed Table { height: 1fr; margin: 0 1; }
    """

    def compose(self) -> ComposeResult:
        """Sentences, effects."""
        yield Static("", id="told", markup=False)
        yield Table(id="effects")

    def fill(self, run: Run) -> None:
        """Show a rehearsal; where matches would be held, what letting them go would do."""
        head = Content.assemble(
            ("Rehearsed ", "bold $accent"), (f"as of {short_date(run.as_of)}; nothing of it remains", "$muted")
        )
        self.query_one("#told", Static).update(Content("\n").join([head, told(run)]))
        effects = told_of([*run.effects, *(run.then.effects if run.then else [])])
        table = self.query_one(Table)
        table.fill(EFFECT_COLUMNS, {n: effect_line(effect) for n, effect in enumerate(effects)})
        table.display = bool(effects)


def told_of(effects: Sequence[Effect]) -> list[Effect]:
    """Effects without the cases that stand for them; a case that does nothing yet stays."""
    busy = {(e.code, e.by) for e in effects if e.kind != "case"}
    return [e for e in effects if e.kind != "case" or (e.code, e.by) not in busy]


class Backtested(VerticalScroll, can_focus=True):
    """A backtest: matches by week, what came of them, other limits beside it."""

    DEFAULT_CSS = """
    Backtested { display: none; height: 1fr; padding: 0 3; scrollbar-size-vertical: 1; margin: 1 0; }
    Backtested.shown { display: block; }
    """

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static("", id="tested", markup=False)

    def say(self, text: str) -> None:
        """While it is being worked out."""
        self.query_one("#tested", Static).update(plain(text, "accent"))

    def fill(self, own: Backtest, others: Sequence[Neighbour], rhythm: Rhythm | None, wide: int) -> None:
        """Show it."""
        self.query_one("#tested", Static).update(tested(own, others, rhythm, max(wide - 6, 30)))
        self.scroll_home(animate=False)


def tested(own: Backtest, others: Sequence[Neighbour], rhythm: Rhythm | None, wide: int) -> Content:
    """A backtest as one reads it."""
    step = "day by day" if own.step == "day" else "week by week"
    mode = "by what was true then" if own.mode == "true" else "by what was known then"
    head = Content.assemble(
        ("Backtest ", "bold $accent"), (f"{short_date(own.first)} – {short_date(own.last)}, {step}, {mode}", "$muted")
    )
    parts = [head]
    if own.outcome is not None:
        parts.append(
            Content.assemble(
                ("right where ", "$muted"), plain(f"{own.outcome.text}, {own.outcome.window} days after", "text")
            )
        )
    figures = _figures(own)
    weeks = own.by_week[-60:]
    if wide >= 52 + len(weeks):
        parts += [Content(""), *_beside(_chart(weeks), figures, len(weeks) + 6)]
    else:
        parts += [Content(""), *_chart(weeks[-(wide - 8) :]), Content(""), *figures]
    parts += _others(others) + _rhythm(own.text, rhythm)
    if own.repeaters:
        most = ", ".join(f"{visible(r.name)[:40]} {r.hits}×" for r in own.repeaters[:4])
        parts += [Content(""), Content.assemble(("most often  ", "$muted"), plain(most))]
    if own.todays:
        fields = ", ".join(field.replace("_", " ") for field in own.todays)
        parts += [
            Content(""),
            plain(f"! The file does not know how these were then, and takes them as they are today: {fields}", "warn"),
        ]
    return Content("\n").join(parts)


def _chart(shown: Sequence[Period]) -> list[Content]:
    """Bars of matches by week, five lines high, with the months beneath."""
    if not shown:
        return [plain("no week", "muted")]
    top = max(w.hits for w in shown)
    lines = []
    for level in range(HIGH, 0, -1):
        bars = "".join(_bar(w.hits, top, level) for w in shown)
        label = f"{top:>5,} " if level == HIGH else "    0 " if level == 1 else "      "
        lines.append(Content.assemble((label, "$muted"), (bars, "$accent")))
    months, last = "", ""
    for n, week in enumerate(shown):
        name = f"{week.first:%b}"
        if (
            name != last
            and n >= len(months) + (1 if months else 0)
            and n + 3 <= len(shown)
            and week.first.month % 2 == 0
        ):
            months = months.ljust(n) + name
        last = name
    lines.append(Content.assemble(("      ", ""), (months, "$muted")))
    lines.append(Content.styled("      matches a week", "$faint"))
    return lines


def _bar(hits: int, top: int, level: int) -> str:
    """The piece of a bar on one of the five lines, the lowest being 1."""
    eighths = round(hits / top * HIGH * 8) if top else 0
    left = min(max(eighths - (level - 1) * 8, 0), 8)
    if level == 1 and hits and not left:
        left = 1
    return " ▁▂▃▄▅▆▇█"[left]


def _figures(own: Backtest) -> list[Content]:
    """What it found, and what came of it: label, figure, more."""
    most = max((w.hits for w in own.by_week), default=0)
    rows = [
        ("matches", f"{own.hits:,}", f"of {own.subjects:,} of {own.partners:,} partners"),
        ("at most", f"{most:,}", "a week"),
    ]
    rows += [("too late", f"{own.late:,}", "to act on, recorded only")] if own.late else []
    out = own.outcome
    if out is not None:
        rows += [
            ("right", _percent(out.precision), f"{out.right:,} of {out.judged:,} judged"),
            ("wrong", f"{out.wrong:,}", ""),
            ("not yet known", f"{out.not_yet_known:,}", f"{out.window} days are not over yet"),
        ]
        if out.stretches is not None:
            rows.append(("foreseen", _percent(out.recall), f"{out.foreseen:,} of {out.stretches:,} that came"))
        rows += [("earlier by", f"{out.lead:g}", "days, in the middle")] if out.lead is not None else []
    return [
        Content.assemble((f"{label:>13}  ", "$muted"), (f"{figure:<7}", "bold $bright"), (more, "$muted"))
        for label, figure, more in rows
    ]


def _percent(part: float | None) -> str:
    return "?" if part is None else f"{part:.0%}"


def _beside(left: list[Content], right: list[Content], wide: int) -> list[Content]:
    rows = max(len(left), len(right))
    blank = Content(" " * wide)
    made = []
    for n in range(rows):
        one = left[n] if n < len(left) else Content("")
        other = right[n] if n < len(right) else Content("")
        made.append(Content("").join([one, blank[: max(wide - one.cell_length, 0)], other]))
    return made


def _others(others: Sequence[Neighbour]) -> list[Content]:
    """Other limits side by side."""
    if not others:
        return []
    head = f"{'limit':>8}  {'matches':>8}  {'right':>6}  {'foreseen':>8}  {'earlier by':>10}"
    parts = [Content(""), Content.styled(head, "$muted")]
    best = max((n.backtest.outcome.precision or 0 for n in others if n.backtest.outcome), default=0)
    for one in others:
        out = one.backtest.outcome
        right = out.precision if out else None
        colour = "bright" if one.own else "bad" if right is not None and right < best / 2 else "text"
        lead = f"{out.lead:g} days" if out and out.lead is not None else ""
        foreseen = _percent(out.recall) if out and out.stretches is not None else ""
        told = (_percent(right), foreseen) if out else ("", "")
        said = f"{one.limit:>8}  {one.backtest.hits:>8,}  {told[0]:>6}  {told[1]:>8}  {lead:>10}"
        parts.append(plain(f"{said}  {'◂ as it is' if one.own else ''}", colour))
    return parts


def _rhythm(text: str, rhythm: Rhythm | None) -> list[Content]:
    """How often partners do it anyway."""
    if rhythm is None or not rhythm.median:
        return []
    every = f"{rhythm.median:g} days"
    silence = "days_since" in text or "silent" in text
    tail = f". A limit under {every} matches many in their usual pause." if silence else "."
    said = f" is usual (the middle of {rhythm.partners:,} partners){tail}"
    return [
        Content(""),
        Content.assemble(
            (f"One {visible(rhythm.what)[:30]} every ", "$text"), (every, "bold $bright"), (said, "$text")
        ),
    ]
