"""What enter does in each step of the deactivation wizard. Nothing of it has an effect before it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain.errors import UsageError
from prm_tui.domain.notice import NOT_ADVICE, TABLE
from prm_tui.domain.transition import ENDS
from prm_tui.services import letters, notice, packs, partners, planning
from prm_tui.services.values import read_date
from screens.cases.rows import because
from screens.modals.choose import Choice, Choose
from screens.modals.form import Entry, Form
from screens.modals.pages import Page
from screens.text import plain

if TYPE_CHECKING:
    from screens.cases.wizard import DeactivateScreen

_FREE = {
    "memo": ("Memo", "what the deciders should know"),
    "restricted": ("Seen by", "names or role:ROLE, with commas; empty for everybody"),
}


async def why(screen: DeactivateScreen, key: Any) -> None:
    """Reason, path, memo, who may see it."""
    if not isinstance(key, str):
        return
    if key in _FREE:
        label, hint = _FREE[key]

        async def keep(fields: dict[str, str]) -> str:
            return fields[key]

        said = await screen.prm.push_screen_wait(
            Form(label, [Entry(key, label, screen.chosen[key], hint)], keep, whole=True)
        )
        screen.chosen[key] = screen.chosen[key] if said is None else said
    else:
        rules = packs.deactivation()
        if key == "reason":
            choices = [Choice(r.key, r.title, rules.paths[r.path].title) for r in rules.reasons.values()]
        else:
            choices = [Choice(p.key, p.title, p.rule) for p in rules.paths.values()]
        picked = await screen.prm.push_screen_wait(Choose(key.capitalize(), choices))
        if picked is not None:
            screen.chosen[key] = picked
            if key == "reason":
                screen.chosen["path"] = None
    screen.reload()


async def impact(screen: DeactivateScreen, key: Any) -> None:
    """The list behind a number, or why there is none."""
    line = next((i for p in screen.plans if p.partner_id == key[0] for i in p.impact if i.key == key[1]), None)
    if line is not None:
        said = [plain(item) for item in line.items] or [plain(because(line), "muted")]
        screen.prm.push_screen(Page(line.label, Content("\n").join(said)))


async def dates(screen: DeactivateScreen, key: Any) -> None:
    """A line of the notice table, the day of notice, the effective date."""
    what = key[0] if isinstance(key, tuple) else key
    if what == "notice":
        table = await screen.read(notice.table)
        offered = [
            Choice(TABLE, "The line that fits", "by type and years"),
            *(Choice(one.key, one.title, one.length) for one in table),
        ]
        picked = await screen.prm.push_screen_wait(Choose(NOT_ADVICE, offered))
        screen.chosen["notice"] = picked or screen.chosen["notice"]
        screen.reload()
    if what not in ("notice_on", "effective_on"):
        return
    first = screen.plans[0].dates
    now = first.notice_on if what == "notice_on" else first.effective_on

    async def keep(fields: dict[str, str]) -> str:
        day = read_date(fields[what], what)
        terms = {**screen.terms, "effective_on": None, what: day}
        ids, reason, as_of = screen.partner_ids, screen.chosen["reason"], screen.prm.session.as_of
        await screen.read(lambda s: planning.plans(s, ids, reason, **terms, as_of=as_of))
        return day.isoformat()

    label = "Notice on" if what == "notice_on" else "Effective on"
    day = await screen.prm.push_screen_wait(Form("Dates", [Entry(what, label, now.isoformat())], keep, whole=True))
    if day is not None:
        screen.chosen[what] = day
        if what == "notice_on" and screen.chosen["effective_on"]:
            await _still_allowed(screen)
        screen.reload()


async def _still_allowed(screen: DeactivateScreen) -> None:
    """A chosen end stays with another day of notice, unless that day is too late for it."""
    ids, reason, terms, as_of = screen.partner_ids, screen.chosen["reason"], screen.terms, screen.prm.session.as_of
    try:
        await screen.read(lambda s: planning.plans(s, ids, reason, **terms, as_of=as_of))
    except UsageError:
        screen.chosen["effective_on"] = None
        screen.prm.tell("The effective date is computed again: the one that was chosen is before this notice allows.")


async def transition(screen: DeactivateScreen, key: Any) -> None:
    """Who takes one thing over."""
    if not isinstance(key, tuple):
        return
    partner, record = key
    if screen.prm.session.actor is None:
        raise UsageError("Say who you are first: p chooses the person who acts.")
    item = next(one for one in screen.ahead[partner].items if one.record_id == record)

    async def keep(fields: dict[str, str]) -> str:
        to = fields["to"].strip()
        if to and to.casefold() != ENDS:
            await screen.read(lambda s: _holder(s, to))
        return to

    entry = Entry("to", "Goes to", item.to, "a partner's code, one of our people, or ends")
    to = await screen.prm.push_screen_wait(Form(f"Hand over: {item.title[:44]}", [entry], keep, whole=True))
    if to is not None:
        handed = {**screen.chosen["handed"].get(str(partner), {}), f"#{record}": to}
        screen.chosen["handed"] = {
            **screen.chosen["handed"],
            str(partner): {ref: who for ref, who in handed.items() if who},
        }
        screen.reload()


def _holder(store: Any, said: str) -> None:
    """Refuse who is neither a partner nor one of us, beneath the field."""
    from prm_tui.services import people

    try:
        partners.resolve(store, said)
    except UsageError:
        try:
            people.find(store, said)
        except UsageError:
            raise UsageError(f"to: “{said}” is no partner and none of us. Write a code, a name, or {ENDS}.") from None


async def obligations(screen: DeactivateScreen, key: Any) -> None:
    """Take an obligation out, or back in; one of one's own away."""
    kind, title = key
    chosen = screen.chosen
    if kind == "dropped":
        chosen["dropped"] = {one: what for one, what in chosen["dropped"].items() if one != title}
    elif kind == "own":
        chosen["added"] = [one for one in chosen["added"] if one[0] != title]
    else:
        chosen["dropped"] = {**chosen["dropped"], kind: title}
    screen.reload()


async def add_owed(screen: DeactivateScreen) -> None:
    """An obligation of one's own for every case."""

    async def keep(fields: dict[str, str]) -> tuple[str, str, int]:
        if not fields["title"].strip():
            raise UsageError("title: say what is to be done.")
        days = fields["days"].strip() or "0"
        if not days.lstrip("-").isdecimal():
            raise UsageError("days: a number of days after the effective date, such as 30.")
        return fields["title"].strip(), fields["owner"].strip() or "manager", int(days)

    entries = [Entry("title", "Obligation"), Entry("owner", "By", "manager", "manager, role:finance, person:NAME"),
               Entry("days", "Days after the end", "0")]  # fmt: skip
    made = await screen.prm.push_screen_wait(Form("A new obligation", entries, keep, whole=True))
    if made is not None:
        screen.chosen["added"] = [*screen.chosen["added"], list(made)]
        screen.reload()


async def letter(screen: DeactivateScreen, key: Any) -> None:
    """The text of a letter, with its fields."""
    template = await screen.read(lambda s: letters.texts(s, letters.kind_named(key)))
    lines = [plain(template.subject, "bright"), Content(""), *(plain(line) for line in template.body.split("\n"))]
    screen.prm.push_screen(Page(letters.kind_named(key).title, Content("\n").join(lines)))


OPEN: dict[str, Callable[[DeactivateScreen, Any], Coroutine[Any, Any, None]]] = {
    "Why": why, "Impact": impact, "Dates": dates, "Transition": transition, "Obligations": obligations, "Letters": letter,
}  # fmt: skip
