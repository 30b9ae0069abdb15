"""Asking for the span and the outcome of a backtest, and running it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from prm_tui.domain.errors import UsageError
from prm_tui.domain.rule import Rule
from prm_tui.services import backtest, conditions
from prm_tui.services.values import read_date
from screens.modals.form import Entry, Form
from screens.text import plain

if TYPE_CHECKING:
    from prm_tui.domain.backtest import Backtest, Neighbour, Rhythm
    from screens.automation.page import TriggerPage
    from screens.automation.result import Backtested
    from storage import Store


@dataclass(frozen=True)
class Span:
    """From when to when, right by which outcome, by what was true or known then, day by day or by week."""

    first: date
    last: date
    outcome: str
    mode: str = "true"
    step: str = "day"


async def ask_span(page: TriggerPage, rule: Rule, before: Span | None) -> Span | None:
    """The span and the outcome, prefilled; None when it was left."""
    as_of = page.prm.session.as_of
    trigger, _, _ = rule.built()
    if trigger is None:
        raise UsageError("Something is still wrong with this trigger, as it says; put that right first.")
    backtest.refuse(trigger)
    kind = await page.read(lambda s: backtest.signal(s, trigger))
    given = before or Span(as_of - timedelta(days=365), as_of, f"count({kind}, 180) = 0" if kind else "")

    async def save(fields: dict[str, str]) -> Span:
        span = Span(read_date(fields["first"], "first"), read_date(fields["last"], "last"), fields["outcome"].strip(),
                    fields["mode"].strip() or "true", fields["step"].strip() or "day")  # fmt: skip
        if span.outcome:
            try:
                await page.read(lambda s: conditions.check(s, span.outcome))
            except UsageError as error:
                raise UsageError(f"outcome: {error}") from None
        return span

    entries = [
        Entry("first", "From", given.first.isoformat()), Entry("last", "To", given.last.isoformat()),
        Entry("outcome", "Right where", given.outcome, hint="a condition on what followed: count(order, 180) = 0"),
        Entry("mode", "By what was", given.mode, hint="true or known", words=("true", "known")),
        Entry("step", "Every", given.step, hint="day or week", words=("day", "week")),
    ]  # fmt: skip
    about = plain("What the trigger would have found on each day, and whether what followed proved it right.")
    form = Form("Backtest", entries, save, whole=True, about=about)
    found: Span | None = await page.prm.push_screen_wait(form)
    return found


async def run_backtest(page: TriggerPage, rule: Rule, span: Span, shown: Backtested) -> None:
    """Go through the days beside the interface; a newer question or escape stops it."""
    trigger, _, _ = rule.built()
    assert trigger is not None
    asked: backtest.Asked = {"outcome": span.outcome or None, "mode": span.mode, "step": span.step,
                             "as_of": page.prm.session.as_of}  # fmt: skip

    def look(store: Store) -> tuple[Backtest, list[Neighbour], Rhythm | None]:
        others = backtest.beside(store, trigger, span.first, span.last, **asked)
        own = next((one.backtest for one in others if one.own), None)
        own = own or backtest.of_trigger(store, trigger, span.first, span.last, **asked)
        return own, others, backtest.rhythm_of(store, trigger, span.last)

    try:
        own, others, rhythm = await page.read(look, "backtest")
    except UsageError:
        page.action_back()
        raise
    shown.fill(own, others, rhythm, shown.size.width)
