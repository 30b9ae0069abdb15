"""Forms for the parts of a trigger: each shows its own fields, and what is wrong with them as one types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain import written
from prm_tui.domain.errors import UsageError
from prm_tui.domain.fault import Fault
from prm_tui.domain.outline import KINDS, VERBS
from prm_tui.domain.person import ROLES
from prm_tui.domain.rule import Rule
from prm_tui.domain.step import PERIODS
from prm_tui.domain.trigger import ONS
from prm_tui.domain.workflow import END
from prm_tui.services import conditions, records, rules, timeline
from screens.automation.condition import ask_condition
from screens.automation.rows import fault_said
from screens.modals.choose import Choice, Choose
from screens.modals.form import Entry, Form
from screens.text import plain, visible

if TYPE_CHECKING:
    from screens.automation.page import TriggerPage

Make = Callable[[dict[str, str]], Rule]


async def edit(page: TriggerPage, rule: Rule, part: str, n: int) -> None:
    """Edit the part of a trigger the cursor is on; `n` is the place of its step, or of the part of the condition."""
    if part in ("when", "safety"):
        await _trigger(page, rule, part)
    elif part == "if":
        await _condition(page, rule)
    elif part == "part":
        said = await ask_condition(page, rule, conditions.parts(str(rule.trigger["when"]))[n])
        if said is not None:
            page.put(with_part(rule, n, said))
    elif part == "step":
        await _step(page, rule, n)
    elif part == "then" and rule.flow is not None:
        await _head(page, rule)
    elif part == "then":
        raise UsageError(f"{rule.start} follows rules of the program; it cannot be edited here.")


async def add_part(page: TriggerPage, rule: Rule, _: int | None) -> None:
    """One more part, which has to hold as well."""
    said = await ask_condition(page, rule, "")
    if said:
        page.put(with_part(rule, None, said))


def with_part(rule: Rule, n: int | None, said: str) -> Rule:
    """With another text in the place of the n-th part of the condition, "" for none; without a place, one part more."""
    when = conditions.with_part(str(rule.trigger.get("when") or ""), n, said)
    rest = {key: value for key, value in rule.trigger.items() if key != "when"}
    return rule.with_trigger({**rest, "when": when} if when else rest)


async def _condition(page: TriggerPage, rule: Rule) -> None:
    said = await ask_condition(page, rule)
    if said is not None:
        trigger = {key: value for key, value in rule.trigger.items() if key != "when"}
        page.put(rule.with_trigger({**trigger, "when": said} if said else trigger))


async def _trigger(page: TriggerPage, rule: Rule, part: str) -> None:
    """When, or safety. Another kind of moment has other fields, which are asked for next."""
    on = str(rule.trigger.get("on", "becomes true"))
    keys = written.WHEN if part == "when" else written.SAFETY
    fields = written.of_trigger(keys, on)

    def make(said: dict[str, str]) -> Rule:
        made = written.taken(rule.trigger, fields, said)
        now = str(made.get("on", "becomes true"))
        if now != on and now in ONS:
            kept = {f.key for f in written.of_trigger((*written.WHEN, *written.SAFETY), now)} | {"when", "start"}
            made = {key: value for key, value in made.items() if key in kept}
        return rule.with_trigger(made)

    data = {"subject": "partner", "on": on, "cap": 40, "first": "from-now", "priority": 100, "coverage": "strict",
            "late": "mark", "stale_days": 30, "event": "added", **rule.trigger}  # fmt: skip
    entries = [_entry(f, written.shown(data, f), await _words(page, rule, f.key)) for f in fields]
    made = await _ask(page, "When" if part == "when" else "Safety", entries, make, ("trigger", rule.name), fields)
    if made is None:
        return
    page.put(made)
    if str(made.trigger.get("on")) != on:
        await _trigger(page, made, "when")


async def _head(page: TriggerPage, rule: Rule) -> None:
    assert rule.flow is not None
    entries = [Entry("title", "Workflow", str(rule.flow.get("title", ""))),
               Entry("owner", "Who has the case", str(rule.flow.get("owner", "manager")), hint="manager, role:legal")]  # fmt: skip

    def make(said: dict[str, str]) -> Rule:
        return rule.with_head(said["title"].strip(), said["owner"].strip() or "manager")

    made = await _ask(page, "The workflow", entries, make, ("workflow", rule.start), [])
    if made is not None:
        page.put(made)


async def add_step(page: TriggerPage, rule: Rule, n: int | None) -> None:
    """Choose a kind of step and fill in its fields; it comes below the n-th, else first."""
    if rule.flow is None:
        raise UsageError(f"{rule.start} follows rules of the program; it cannot be edited here.")
    choices = [Choice(do, VERBS[do], about) for do, about in KINDS.items()]
    do = await page.prm.push_screen_wait(Choose("What shall happen?", choices))
    if do is not None:
        made, at = rule.inserted(-1 if n is None else n, do)
        await _step(page, made, at)


async def _step(page: TriggerPage, rule: Rule, n: int) -> None:
    step = rule.steps[n]
    fields = written.of_step(str(step["do"]))

    def make(said: dict[str, str]) -> Rule:
        told = {key: _way(rule, text) if key in _TARGETS else text for key, text in said.items()}
        return rule.with_step(n, written.taken(step, fields, told))

    entries = [_entry(f, written.shown(step, f), await _words(page, rule, f.key)) for f in fields]
    listed = " · ".join(f"{k} {one}" for k, one in enumerate(rule.ids, 1))
    about = Content("\n").join([plain(KINDS[str(step["do"])], "text"), plain(f"Steps: {listed}", "muted")])
    place = ("workflow", rule.start, "step", n)
    made = await _ask(page, f"Step {n + 1}: {VERBS[str(step['do'])]}", entries, make, place, fields, about)
    if made is not None:
        page.put(made, n)


def _way(rule: Rule, text: str) -> str:
    """A step may be said by its number."""
    said = text.strip()
    return rule.ids[int(said) - 1] if said.isascii() and said.isdigit() and 0 < int(said) <= len(rule.ids) else text


def _entry(field: written.Field, value: str, words: tuple[str, ...]) -> Entry:
    return Entry(field.key, field.label, value, hint=field.hint, words=words)


async def _words(page: TriggerPage, rule: Rule, key: str) -> tuple[str, ...]:
    """What a field can be completed from."""
    roles = tuple(f"role:{role}" for role in ROLES)
    if key in _TARGETS:
        return (*rule.ids, END)
    fixed: dict[str, tuple[str, ...]] = {
        "on": ONS, "period": PERIODS, "each": PERIODS, "first": ("from-now", "note", "act"), "late": ("act", "mark", "record"),
        "coverage": ("strict", "as recorded"), "event": ("added", "changed"), "owner": ("manager", *roles),
        "by": ("manager", *roles), "escalate.to": ("manager", *roles), "to": ("contact:main", "manager", *roles),
        "template": tuple(rule.templates), "rule": ("one", "two", "first of", "all of"), "channel": ("mail", "letter"),
        "format": ("letter", "report", "workbook"), "evidence": ("yes", "no"), "share": ("one", "all"),
        "optional": ("yes", "no"), "reverse": ("yes", "no"),
    }  # fmt: skip
    if key in fixed:
        return fixed[key]
    if key == "activity":
        return tuple(await page.read(timeline.known_kinds))
    if key in ("record", "kind"):
        return tuple(await page.read(records.known_kinds))
    if key == "subject":
        kinds, kept = await page.read(timeline.known_kinds), await page.read(records.known_kinds)
        return ("partner", *(f"activity:{kind}" for kind in kinds), *(f"record:{kind}" for kind in kept))
    if key in ("field", "date", "changed"):
        return tuple((await page.read(conditions.catalogue)).partner)
    return ()


async def _ask(
    page: TriggerPage,
    title: str,
    entries: Sequence[Entry],
    make: Make,
    place: tuple[str | int, ...],
    fields: Sequence[written.Field],
    about: Content | None = None,
) -> Rule | None:
    """A form that is checked with every letter, and gives the edited trigger."""
    keys = {entry.key for entry in entries}

    async def look(said: dict[str, str]) -> dict[str, str]:
        rule = make(said)
        return _beneath(await page.read(lambda s: rules.check(s, rule), "check"), place, keys)

    async def save(said: dict[str, str]) -> Rule:
        rule = make(said)
        faults = _beneath(await page.read(lambda s: rules.check(s, rule)), place, keys)
        _, _, unread = rule.built()
        stops = _beneath(unread, place, keys) | {
            key: fault for key, fault in faults.items() if key and key not in _LATER
        }
        for key, fault in stops.items():
            raise UsageError(f"{key}: {fault}" if key else fault)
        return rule

    form = Form(title, entries, save, whole=True, about=about, check=look)
    made: Rule | None = await page.prm.push_screen_wait(form)
    return made


_TARGETS = ("then", "reject", "timeout", "else", "join", "nobody", "unless.then")
_LATER = (*_TARGETS, "choices", "cases", "branches", "template")
"""Fields that may name a step, or a text, which is written only later; saving the trigger looks at them."""


def _beneath(faults: Sequence[Fault], place: tuple[str | int, ...], keys: set[str]) -> dict[str, str]:
    """Faults of one part by the field they belong beneath; those of the part as a whole under ""."""
    found: dict[str, str] = {}
    for fault in faults:
        if fault.key[: len(place)] != place:
            continue
        rest = [str(part) for part in fault.key[len(place) :]]
        key = next((k for k in (".".join(rest[:2]), rest[0] if rest else "") if k in keys), "")
        if not key and rest and rest[0] in ("step", "when"):
            continue  # of another part
        found.setdefault(key, visible(fault_said(fault)))
    return found
