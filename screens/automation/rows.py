"""Triggers, what they do and what runs did, as lines of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

from prm_tui.domain.fault import Fault
from prm_tui.domain.outline import VERBS, Outlined, moment, outline, safety, when
from prm_tui.domain.rule import Rule
from prm_tui.domain.run import Effect
from prm_tui.domain.standing import Matching, Standing
from screens.text import spark, visible
from screens.widgets.table import Col, Line

LIST_COLUMNS = [
    Col("on", "", 5), Col("title", "Trigger", least=20), Col("when", "When", 24), Col("now", "Matches now", 11, True),
    Col("weeks", "12 weeks", 12), Col("held", "Held", 5, True),
]  # fmt: skip
EFFECT_COLUMNS = [
    Col("what", "What", 10), Col("partner", "Partner", 26), Col("which", "Which", least=22), Col("by", "Caused by", 18),
    Col("round", "Round", 5, True),
]  # fmt: skip


class Parts(dict[Any, Line]):
    """Lines in order. Keys are a part and the number of the line within it: what comes in above moves no cursor."""

    def put(self, line: Line, *part: Any) -> None:
        """One more line of a part."""
        self[*part, sum(key[:-1] == part for key in self)] = line


NARROW = 100


def standing_line(one: Standing) -> Line:
    """A trigger in the list."""
    trigger, now = one.trigger, one.matching
    sign = (
        ("! on" if one.on else "! off", "warn") if one.troubles else ("● on", "good") if one.on else ("○ off", "muted")
    )
    counted = ("", "muted") if now is None else (f"{now.count:,}", "bright" if now.count else "muted")
    if one.fault:
        counted = ("?", "bad")
    among = f"{now.said} now" if now else ""
    detail = [moment(trigger), among, f"version {one.version} saved by {one.saved_by}"]
    detail += [f"{one.held:,} held"] if one.held else []
    return Line(
        (
            sign, (visible(trigger.title), "bright" if one.on else "text"), (visible(moment(trigger)), "muted"), counted,
            (spark(one.weeks), "accent" if any(one.weeks) else "faint"), (f"{one.held:,}" if one.held else "", "warn"),
        ),
        detail=f"{trigger.title}: {' · '.join(part for part in detail if part)}"
        + "".join(f" · ! {trouble}" for trouble in one.troubles),
    )  # fmt: skip


def page_columns(wide: int) -> list[Col]:
    """Part, what a step does, which, by whom and where it leads; the last two share what is left.

    In a narrow window the last stands beneath.
    """
    if wide < NARROW:
        return [Col("part", "", 7), Col("verb", "", 9), Col("text", "", max(wide - 24, 12))]
    room = wide - 2 - 8 - 10 - 4
    more = max(min(room * 9 // 20, 56), 20)
    return [Col("part", "", 7), Col("verb", "", 9), Col("text", "", max(room - more - 2, 12)), Col("more", "", more)]


def page_lines(
    rule: Rule, wide: int, *, faults: Sequence[Fault], acts: Iterable[str], agrees: str, matching: Matching | None, reading: str,
    alone: Sequence[tuple[str, str]], others: Sequence[str],
) -> Parts:  # fmt: skip
    """A trigger as one reads it: when, if, then, safety. Keys: (part, line), of a step ("step", its place, line),
    of a part of the condition ("part", its place, line)."""
    trigger, flow, _ = rule.built()
    lines = Parts()
    text = max(wide - 14, 24)
    said = when(trigger) if trigger else ["not right yet: e edits it"]
    _add(lines, "when", "When", said, text)
    _faults(lines, "when", _of_trigger(faults, lambda key: key not in ("when", *_SAFE)), text)
    _gap(lines, 1)
    condition = str(rule.trigger.get("when") or "")
    _add(lines, "if", "If", [condition or "always"], text, "bright")
    _add(lines, "if", "", [reading] if condition else [], text, "muted")
    for n, (part, count) in enumerate(alone):
        lines.put(
            Line((("", ""), (f"{count:>6} alone  {visible(part)}", "muted")), detail=f"{part} · alone {count}"),
            "part",
            n,
        )
    if matching is not None:
        lines.put(Line((("", ""), (f"matches now {matching.said}", "accent"))), "if")
    _faults(lines, "if", _of_trigger(faults, lambda key: key == "when"), text)
    _gap(lines, 2)
    _then(lines, rule, faults, others, text, flow)
    _gap(lines, 3)
    if trigger:
        _add(lines, "safety", "Safety", safety(trigger, acts, agrees), text)
    wrong = _of_trigger(faults, lambda key: key in _SAFE)
    _faults(lines, "safety", wrong, text)
    if not faults:
        lines.put(Line((("", ""), ("✓ checked: every name is known, nothing goes round", "good"))), "safety")
    return lines


_SAFE = ("cap", "first", "late", "stale_days", "priority", "coverage")


def _gap(lines: Parts, n: int) -> None:
    lines["gap", n, 0] = Line((("", ""),))


def _add(lines: Parts, part: str, head: str, said: Iterable[str], wide: int, colour: str = "text") -> None:
    for sentence in said:
        for line in wrap(visible(sentence), wide) or [""]:
            lines.put(Line(((head, "accent"), (line, colour)), detail=sentence), part)
            head = ""


def _faults(lines: Parts, part: str, faults: Iterable[Fault], wide: int) -> None:
    for fault in faults:
        _add(lines, part, "", [f"! {fault_said(fault)}"], wide, "bad")


def fault_said(fault: Fault) -> str:
    """What is wrong and what to write instead, without the place: it stands there."""
    problem = fault.problem if fault.problem.endswith((".", "?", "!")) else f"{fault.problem}."
    return f"{problem} Did you mean “{fault.instead}”?" if fault.instead else problem


def _of_trigger(faults: Iterable[Fault], wanted: Any) -> list[Fault]:
    return [f for f in faults if f.key[:1] == ("trigger",) and wanted(str(f.key[2]) if len(f.key) > 2 else "")]


def _then(lines: Parts, rule: Rule, faults: Sequence[Fault], others: Sequence[str], wide: int, flow: Any) -> None:
    if rule.flow is None:
        _add(lines, "then", "Then", [f"start {rule.start}, which follows rules of its own"], wide)
        return
    title = str(rule.flow.get("title", rule.start))
    _add(lines, "then", "Then", [f"start the workflow {title}"], wide, "bright")
    if others:
        _add(lines, "then", "", [f"also started by {', '.join(others)}"], wide, "warn")
    drawn = outline(flow) if flow else _raw(rule)
    for one in drawn:
        n = rule.ids.index(one.step)
        _step(lines, n, one, wide)
        last = one is drawn[-1] or drawn[drawn.index(one) + 1].number
        if last:
            wrong = [f for f in faults if f.key[2:4] == ("step", n)]
            for fault in wrong:
                for line in wrap(visible(f"! {fault_said(fault)}"), max(wide - 12, 20)):
                    lines.put(Line((("", ""), ("", ""), (line, "bad")), detail=fault.problem), "step", n)
    _faults(lines, "then", [f for f in faults if f.key[:1] == ("workflow",) and f.key[2:3] != ("step",)], wide)


def _step(lines: Parts, n: int, one: Outlined, wide: int) -> None:
    """A line of the outline; in a narrow window in as many as it needs."""
    number = f"{one.number:>6}" if one.number else ""
    colour = "text" if one.number else "muted"
    detail = f"{one.number or ''} {one.verb} {one.text}{' · ' if one.more else ''}{one.more}".strip()
    space = "" if one.number else "  "
    if wide + 14 >= NARROW:
        cells = (
            (number, "muted"),
            (one.verb, "fact"),
            (space + visible(one.text), colour),
            (visible(one.more), "muted"),
        )
        lines.put(Line(cells, detail=detail), "step", n)
        return
    said = [(line, colour) for line in wrap(visible(one.text), max(wide - 14, 20)) or [""]]
    if one.number is None or len(said[-1][0]) + len(one.more) + 3 <= wide - 14:
        said[-1] = (f"{said[-1][0]}{'  ' if one.more else ''}{visible(one.more)}", colour)
    else:
        said += [(line, "muted") for line in wrap(visible(one.more), max(wide - 14, 20))]
    verb = one.verb
    for line, shade in said:
        lines.put(Line(((number, "muted"), (verb, "fact"), (space + line, shade)), detail=detail), "step", n)
        number = verb = ""


def _raw(rule: Rule) -> list[Any]:
    """The steps of a workflow that cannot be read yet."""
    return [
        Outlined(str(step.get("id")), n, VERBS.get(str(step.get("do")), "?"), str(step.get("title", "")), "")
        for n, step in enumerate(rule.steps, 1)
    ]


def effect_line(effect: Effect) -> Line:
    """One thing that is done, for whom."""
    which = effect.what
    if effect.kind == "field":
        which = f"{effect.what.removeprefix('custom.').replace('_', ' ')}: {effect.before or 'empty'} → {effect.after or 'empty'}"
    colour = "bad" if effect.kind in ("returned message", "problem") else "text"
    kind = {"returned message": "returned", "ledger line": "ledger"}.get(effect.kind, effect.kind)
    return Line(
        (
            (kind, colour if colour == "bad" else "fact"), (visible(effect.name), "bright"), (visible(which), colour),
            (visible(effect.by), "muted"), (str(effect.round), "muted"),
        ),
        detail=f"{effect.kind} for {effect.code} {effect.name}: {which}" + (f" · because of {effect.by}" if effect.by else ""),
    )  # fmt: skip
