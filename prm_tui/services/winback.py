"""Winning partners back: begun by hand, measured after 90 days, looked at for what goes wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from prm_tui.domain.errors import UsageError
from prm_tui.domain.inactivity import REASONS
from prm_tui.domain.run import Run
from prm_tui.domain.winback import KIND, WINDOW, Arm, Results, Review, one_size
from prm_tui.services import automation, looks
from prm_tui.services.agreeing import someone
from storage import Store, steps, sweeps
from storage import winback as stored
from storage.store import Change


def results(store: Store, as_of: date) -> Results:
    """What came of it after 90 days, against those left out where a trigger leaves some out; by reason, by outcome.

    A partner is judged when its 90 days are over and the sheets reach as far: reactivated by one commercial activity.
    """
    with store.reading() as conn:
        stored.fill(conn, as_of)
        left_out = _one(stored.arms(conn, "arm", "arm = 'left out'"), "left out")
        compared = " AND compared" if left_out.of else ""
        treated = _one(stored.arms(conn, "arm", f"arm = 'treated'{compared}"), "treated")
        of_treated = "arm = 'treated'"
        by_reason = _labelled(stored.arms(conn, "label", of_treated))
        by_outcome = tuple(stored.arms(conn, "outcome", of_treated))
        return Results(as_of, treated, left_out, by_reason, by_outcome, tuple(stored.brought(conn, as_of)))


def _labelled(found: list[Arm]) -> tuple[Arm, ...]:
    """By reason in its own words; a word of an imported sheet that means a reason counts with it."""
    together: dict[str, Arm] = {}
    for one in found:
        label = REASONS.get(one.label, one.label or "not said")
        known = together.get(label, Arm(label))
        together[label] = Arm(
            label,
            known.of + one.of,
            known.judged + one.judged,
            known.back + one.back,
            known.amount + one.amount,
            known.ids + one.ids,
        )
    return tuple(sorted(together.values(), key=lambda arm: (-arm.of, arm.label)))


def _one(found: list[Arm], label: str) -> Arm:
    return found[0] if found else Arm(label)


def look(store: Store, as_of: date) -> Review:
    """What goes wrong: one text for nearly all within 90 days, partners nobody is in touch with, cases without a day."""
    with store.reading() as conn:
        sent = stored.written_since(conn, as_of - timedelta(days=WINDOW), as_of)
        looks.fill(store, as_of)
        untouched = stored.untouched(conn, as_of, quiet=True)
        return Review(tuple(one_size(sent)), tuple(untouched), tuple(stored.undated(conn)))


def begin(store: Store, ids: Sequence[int], *, actor: int | None, as_of: date, kind: str = KIND) -> Run:
    """Begin a workflow by hand for partners, one case each; what follows at once is done.

    UsageError for nobody by name, a workflow that is not in the file, and a partner that has such a case open.
    """
    person = someone(store, actor, f"begin a {kind}")
    if not automation.may_run(store, as_of):
        raise UsageError(f"Automation has run for a later day than {as_of} already; begin it as of that day.")
    with store.change(f"{kind}: begun by hand", actor=person.id, as_of=as_of, kind="run") as change:
        open_cases(store, change, ids, kind, "by hand", person.id)
    return automation.go_on(store, change.id, actor=person.id, as_of=as_of)


def open_cases(store: Store, change: Change, ids: Sequence[int], kind: str, reason: str, person: int) -> list[int]:
    """Open a case of a workflow for each partner, within a change; their numbers. UsageError as `begin`."""
    version = sweeps.current(change.conn, kind)
    if version is None:
        pack = {KIND: "win-back"}.get(kind, kind)
        raise UsageError(f"There is no workflow “{kind}”. Add it: prm packs add {pack}")
    open_ = stored.busy(change.conn, ids, kind)
    if open_:
        (code,) = change.conn.execute("SELECT code FROM partners WHERE id = ?", (min(open_),)).fetchone()
        raise UsageError(
            f"{code}: such a case is open already, {open_[min(open_)]}. See: prm cases show {open_[min(open_)]}"
        )
    return steps.begin(automation.round_of(store, change), version, ids, reason, person)
