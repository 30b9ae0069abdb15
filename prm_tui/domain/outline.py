"""A trigger and its workflow as a person reads them: sentences for when, if and safety, numbered lines for then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prm_tui.domain.condition import ConditionError, parse, reading
from prm_tui.domain.step import (
    Accrue,
    Approve,
    Branch,
    Document,
    End,
    List,
    Notify,
    Offer,
    Parallel,
    Record,
    Set,
    Start,
    Step,
    Suspend,
    Tag,
    Task,
    Wait,
)
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import END, START, Workflow

VERBS = {
    "task": "task", "approve": "approve", "notify": "message", "branch": "branch", "parallel": "at once", "wait": "wait",
    "set": "set", "tag": "tag", "suspend": "suspend", "offer": "offer", "accrue": "accrue", "document": "document", "list": "list",
    "start": "start",
    "record": "record", "end": "end",
}  # fmt: skip
KINDS = {
    "task": "something a person does", "approve": "a decision by one or several persons", "notify": "a message into the outbox",
    "branch": "goes one way or another by a condition", "parallel": "several ways at once, which meet again",
    "wait": "for time, for an activity, for a condition", "set": "gives a field a value", "tag": "puts a tag on, takes one off",
    "suspend": "stops the partner at once, until a person lifts it",
    "offer": "something the partner may take", "accrue": "a line in the ledger", "document": "a letter or report from a template",
    "list": "a workbook of partners, records or activities",
    "start": "begins another workflow", "record": "a new record", "end": "the case is over, with an outcome",
}  # fmt: skip
"""What a step may do, in words."""


@dataclass(frozen=True)
class Outlined:
    """One line of a workflow's outline. `number` counts steps from 1; a line of a way on has none. `step` is its id.

    `verb`, `text` and `more` stand beside each other: what, which, and by whom, within what time, where it leads.
    """

    step: str
    number: int | None
    verb: str
    text: str
    more: str = ""


# ---- when ----


def _name(word: str) -> str:
    return word.replace("_", " ")


def _a(word: str) -> str:
    said = _name(word)
    return f"{'an' if said[:1] in 'aeio' else 'a'} {said}"


def moment(trigger: Trigger) -> str:
    """The kind of moment in a few words: becomes true, when an order arrives."""
    kind = trigger.about.kind or "partner"
    match trigger.on:
        case "activity":
            return f"when {_a(kind)} arrives"
        case "record":
            changed = (
                f"when {_a(kind)} changes" if not trigger.changed else f"when its {_name(trigger.changed)} changes"
            )
            return f"when {_a(kind)} is added" if trigger.event == "added" else changed
        case "date":
            return f"as “{_name(trigger.date or '')}” comes near"
        case "every":
            return f"every {trigger.period}"
        case "crosses":
            return "a total passes a step"
        case "manual":
            return "by hand"
    return "becomes true"


def when(trigger: Trigger) -> list[str]:
    """When it looks, as one or two sentences."""
    kind = _name(trigger.about.kind or "partner")
    match trigger.on:
        case "activity":
            return [f"when {_a(kind)} arrives that meets the condition" if trigger.when else f"when {_a(kind)} arrives"]
        case "record" if trigger.event == "added":
            return [f"when {_a(kind)} is added"]
        case "record":
            which = f"the {_name(trigger.changed)} of " if trigger.changed else ""
            return [f"when {which}{_a(kind)} changes"]
        case "date":
            return [
                f"for each {kind}, by its date “{_name(trigger.date or '')}”: {_ladder(trigger.days_before)}",
                "each step once, missed ones as one",
            ]
        case "every":
            return [f"every {trigger.period}, once for each {kind} that meets the condition"]
        case "crosses":
            steps = ", ".join(f"{step:,}" for step in trigger.steps)
            each = f", each once a {trigger.each}" if trigger.each else ", each once"
            return [f"for each partner, when {_read(trigger.total or '')} passes {steps}{each}"]
        case "manual":
            return [f"when a person starts it for {_a(kind)}"]
    said = [f"for each {kind}, when the condition becomes true"]
    if trigger.again_after:
        said.append(f"may match again once it was untrue for {trigger.again_after} days")
    return said


def _ladder(days: Iterable[int]) -> str:
    listed = tuple(days)
    before, after = [d for d in listed if d > 0], [-d for d in listed if d < 0]
    said = [f"{', '.join(map(str, before))} days before"] if before else []
    said += ["on the day"] if 0 in listed else []
    said += [f"{', '.join(map(str, after))} days after"] if after else []
    return ", ".join(said)


# ---- if ----


def _read(text: str) -> str:
    """A condition or value in plain words; as it is written where it cannot be read."""
    try:
        return reading(parse(text))
    except ConditionError:
        return text


# ---- then ----


def whom(who: str) -> str:
    """Who does or gets something: the partner's manager, legal, the main contact."""
    kind, _, name = who.partition(":")
    fixed = {"manager": "the partner's manager", "partner": "the main contact"}
    if who in fixed:
        return fixed[who]
    if kind == "contact":
        return "the main contact" if name == "main" else f"the contact for {name}"
    return f"whoever of {name} has least to do" if kind == "load" else name


def outline(workflow: Workflow) -> list[Outlined]:
    """Its steps in the order they are written, numbered, each way on indented beneath."""
    numbers = {step.id: n for n, step in enumerate(workflow.steps, 1)}
    lines: list[Outlined] = []
    for n, step in enumerate(workflow.steps, 1):
        text, more = _said(step)
        onward = _onward(workflow, step, numbers)
        lines.append(Outlined(step.id, n, VERBS[step.do], text, " · ".join(part for part in (more, onward) if part)))
        lines += [Outlined(step.id, None, "", text, more) for text, more in _ways(workflow, step, numbers)]
    return lines


def target(workflow: Workflow, where: str, numbers: dict[str, int] | None = None, *, title: bool = False) -> str:
    """Where a way leads: → 5, → reactivated, → start deactivation; with `title` a step by what it does."""
    if where == END:
        return "the case ends" if title else "→ the end"
    if where.startswith(START):
        return f"{'starts' if title else '→ start'} {where.removeprefix(START)}"
    step = workflow.by_id.get(where)
    if isinstance(step, End):
        return f"the case ends: {step.outcome}" if title else f"→ {step.outcome}"
    if title:
        return f"{VERBS[step.do]}: {_said(step)[0]}" if step else where
    numbers = numbers or {one.id: n for n, one in enumerate(workflow.steps, 1)}
    return f"→ {numbers[where]}" if where in numbers else f"→ {where}?"


def _onward(workflow: Workflow, step: Step, numbers: dict[str, int]) -> str:
    """Where a step leads that does not simply go on to the one below."""
    if isinstance(step, Wait) and step.ends_early:
        return target(workflow, step.then or workflow.following(step), numbers)
    if isinstance(step, Branch | Parallel | End) or (isinstance(step, Approve) and step.choices):
        return ""
    following = workflow.following(step)
    last = following == END and step.then is None
    return target(workflow, step.then or END, numbers) if step.then not in (None, following) or last else ""


def _ways(workflow: Workflow, step: Step, numbers: dict[str, int]) -> Iterator[tuple[str, str]]:
    following = workflow.following(step)
    if isinstance(step, Task | Approve) and step.unless:
        yield f"withdrawn when {_read(step.unless.when)}", target(workflow, step.unless.then, numbers)
    match step:
        case Branch():
            for case in step.cases:
                tests = [_read(case.when)] if case.when else []
                tests += (
                    [f"another partner has one with the same {', '.join(case.elsewhere)}"] if case.elsewhere else []
                )
                yield f"if {' and '.join(tests)}", target(workflow, case.then, numbers)
            yield "else", target(workflow, step.else_ or following, numbers)
        case Approve() if step.choices:
            for label, where in step.choices.items():
                yield f"“{label}”", target(workflow, where, numbers)
        case Approve() if step.reject != END or step.then:
            yield "if rejected", target(workflow, step.reject, numbers)
        case Offer() if step.eligible:
            yield f"to those of whom: {_read(step.eligible)}", ""
            if step.nobody:
                yield "if nobody may have it", target(workflow, step.nobody, numbers)
        case List() if step.when:
            yield f"those of which: {_read(step.when)}", ""
        case Wait() if step.timeout:
            yield "when the time is over", target(workflow, step.timeout, numbers)
        case Parallel():
            for branch in step.branches:
                yield "begins at", target(workflow, branch, numbers)
            yield "all meet at", target(workflow, step.join, numbers)


def _until(step: Wait) -> str:
    ways = [f"{_a(step.activity)} comes"] if step.activity else []
    return ", or ".join([*ways, _read(step.until)] if step.until else ways)


def _said(step: Step) -> tuple[str, str]:
    """A step in words: which, and by whom or within what time."""
    match step:
        case Task():
            return step.title, _timed(whom(step.owner).removeprefix("the "), step.within)
        case Approve():
            asked = _asked(step)
            return step.title, _timed(asked, step.within) + (" · a signed answer" if step.evidence else "")
        case Notify():
            return f"to {whom(step.to)}", _sent(step)
        case Wait():
            if not step.for_:
                return f"until: {_until(step)}", ""
            early = f", or until: {_until(step)}" if step.ends_early else ""
            return f"{step.for_}{early}", ""
        case Set():
            return f"{_name(step.field)} becomes {_becomes(step)}", ""
        case Tag():
            parts = [f"+ {tag}" for tag in step.add] + [f"– {tag}" for tag in step.remove]
            return ", ".join(parts), ""
        case Suspend():
            return f"at once: {step.reason}", ""
        case Offer():
            to = f"to {whom(step.to)}"
            if step.eligible:
                to = "to whose turn it is" if step.share == "one" else "to all who may have it"
            return f"{step.title} ({_name(step.record)})", _timed(to, step.within)
        case Accrue():
            return _accrued(step), f"each {step.period}" if step.period else ""
        case Document():
            return step.title, f"{step.format} from {step.template}"
        case List():
            which = f"all with the same {', '.join(map(_name, step.same))}" if step.same else "those of the partner"
            return step.title, f"{_name(step.what.partition(':')[2] or step.what)}: {which}"
        case Start():
            return f"the workflow {step.workflow}", ""
        case Record():
            named = step.fields.get("name")
            return f"a new {_name(step.kind)}" + (f": {named}" if named else ""), ""
        case Branch():
            return "the first that is true", ""
        case Parallel():
            return f"{len(step.branches)} ways", ""
        case End():
            return step.outcome, ""
    return "", ""


def _sent(step: Notify) -> str:
    parts = [
        step.template + (" by letter" if step.channel == "letter" else ""),
        "if there is somebody" if step.optional else "",
    ]
    return " · ".join(part for part in parts if part)


def _becomes(step: Set) -> str:
    if step.within:
        return f"the day {step.within} from now"
    if step.value is None:
        return _read(step.expression or "")
    if isinstance(step.value, bool):
        return "yes" if step.value else "no"
    who = str(step.value)
    return f"whoever of {who.removeprefix('load:')} has the fewest partners" if step.people() else who


def _asked(step: Approve) -> str:
    people = ", ".join(whom(who) for who in step.asked)
    return {
        "one": people,
        "two": f"two of {people}",
        "first of": f"the first of {people}",
        "all of": f"all of {people}",
    }[step.rule]


def _timed(who: str, within: str | None) -> str:
    return f"{who} · within {within}" if within else who


def _accrued(step: Accrue) -> str:
    kind = _name(step.kind)
    if step.reverse:
        return f"{kind}: taken back"
    if step.amount is not None:
        return f"{kind}: {_read(step.amount)} {step.currency or ''}".strip()
    return f"{kind}: {step.rate * 100 if step.rate else 0:g} % of {_read(step.basis or '')}"


# ---- safety ----


def safety(trigger: Trigger, acts: Iterable[str], agrees: str) -> list[str]:
    """What keeps it from doing harm, a sentence each; `agrees`: who has to switch it on where it acts."""
    late = {"act": "act on them", "mark": "act, and mark them late", "record": "only write them down"}[trigger.late]
    first = {
        "from-now": "count from now on", "note": "take note of today's matches, do nothing", "act": "act on all that match already",
    }[trigger.first]  # fmt: skip
    said = [f"more than {trigger.cap:,} partners at once: hold them for a person", f"when switched on: {first}"]
    if trigger.month_cap:
        said.append(f"more than {trigger.month_cap:,} partners in a calendar month: hold them for a person")
    if trigger.hold_out:
        said.append(f"{trigger.hold_out:.0%} of the matches, by chance, get nothing, to compare with")
    if trigger.on in ("activity", "record"):
        said.append(f"facts that come more than {trigger.stale_days} days late: {late}")
    does = list(acts)
    said.append(
        f"it {' and '.join(does)}: {agrees} switches it on"
        if does
        else "it messages nobody, pays nothing, sets no status"
    )
    return said
