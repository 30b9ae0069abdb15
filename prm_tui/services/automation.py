"""Automation: running what is due, rehearsing it, letting held matches go.

One function does all of it (`_advance`): in rounds, timers fire in the order of their time, triggers look at what new
facts or a new day can have changed, matches become episodes and cases, and ready steps act until every case waits. A
round is one change. A rehearsal is the very same in a transaction of which nothing remains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from prm_tui import clock
from prm_tui.domain import winback
from prm_tui.domain.errors import UsageError
from prm_tui.domain.run import Fired, Run
from prm_tui.domain.text import typed
from prm_tui.services import deadlines, documents, partners, records, shipped
from prm_tui.services.agreeing import someone
from storage import Store, emits, matches, runs, steps, sweeps
from storage import held as held_back
from storage import triggers as stored
from storage import winback as texts
from storage.catalogue import catalogue
from storage.matches import Looking, Matched
from storage.rounds import Round
from storage.store import Change

ROUNDS = 5
"""What one round causes is the next one's business; so many at most in one run."""


def run(store: Store, *, as_of: date, actor: int | None = None, caused_by: int | None = None) -> Run:
    """Do what is due as of a date. UsageError for a date before that of the last run: it would undo nothing."""
    _forward(store, as_of)
    return _advance(store, as_of, actor, caused_by)


def under_way(store: Store) -> bool:
    """Whether automation has anything to look after: a trigger that is on, a case, a deadline."""
    return sweeps.under_way(store.conn)


def after(store: Store, change: int, *, as_of: date) -> Run | None:
    """What an import or another change leads to: the run it causes, which undoing it takes back as well.

    None where nothing is switched on or under way. As of a day before the last run nothing is done, and that is said.
    Within a rehearsal of that change (Store.rehearsal) nothing of it remains either.
    """
    if not under_way(store):
        return None
    last = sweeps.last_day(store.conn)
    if last is not None and last > as_of.isoformat():
        return Run(
            as_of,
            notes=[f"Automation has run for {last} already and does nothing for {as_of}; it runs with the next day."],
        )
    found = _advance(store, as_of, None, change)
    found.rehearsed = store.rehearsing
    return found


def go_on(store: Store, change: int, *, actor: int | None, as_of: date) -> Run:
    """Do what is due after a change that began cases by hand; it belongs to the run."""
    return _advance(store, as_of, actor, change, before=[change])


def rehearse(
    store: Store,
    *names: str,
    as_of: date,
    before: Callable[[Store], object] | None = None,
    let_go: bool = False,
) -> Run:
    """What a run would do, of which nothing remains: all active triggers, or those named, whether on or off.

    A trigger that is off is looked at as if it were switched on with the choice to act on all that match. `before` is
    done first and does not remain either: a version that is not saved yet, an import. With `let_go`, matches beyond
    the cap of the triggers named are let go as well: `then` tells what that would do.
    """
    with store.rehearsal():
        if before is not None:
            before(store)
        known = {a.trigger.name: a for a in sweeps.triggers(store.conn)}
        for name in names:
            if name not in known:
                raise UsageError(f"There is no trigger “{name}”. See: prm triggers list")
        found = _advance(store, as_of, None, None, only=names)
        found.warnings = [sent.warning for sent in winback.one_size(texts.written_by(store.conn, found.changes))]
        if let_go and found.held:
            found.then = _let_go(store, [known[f.name] for f in found.fired if f.held], as_of, None)
            found.then.rehearsed, found.then.changes = True, []
    found.rehearsed, found.changes = True, []
    return found


def rehearse_release(store: Store, name: str, *, as_of: date) -> Run:
    """What letting the held matches of a trigger go would do, of which nothing remains. UsageError as for `release`."""
    with store.rehearsal():
        found = _let_go(store, _named(store, name), as_of, None)
    found.rehearsed, found.changes = True, []
    return found


def _named(store: Store, name: str) -> list[sweeps.Active]:
    found = sweeps.triggers(store.conn, name)
    if not found:
        raise UsageError(f"There is no trigger “{name}”. See: prm triggers list")
    return found


def _let_go(store: Store, held: Sequence[sweeps.Active], as_of: date, actor: int | None) -> Run:
    """Let the held matches of triggers go on, and do what is due then. UsageError where none is held."""
    names = ", ".join(active.trigger.name for active in held)
    counts = {}
    with store.change(f"held matches of {names} go on", actor=actor, as_of=as_of, kind="run") as change:
        for active in held:
            counts[active.id] = held_back.release(change, active.id)
            if not counts[active.id]:
                raise UsageError(f"No match of “{active.trigger.name}” is held.")
            steps.open_cases(round_of(store, change), Matched(active))
    done = _advance(store, as_of, actor, change.id, before=[change.id])
    for active in held:
        done.add(Fired(active.trigger.name, active.trigger.title, acted=counts[active.id]))
    return done


def begin(store: Store, name: str, said: str, record: str | None = None, *, actor: int | None, as_of: date) -> Run:
    """Start by hand what a trigger with on = "manual" starts, for a partner or for one of its records.

    `record`: the reference or the name of the record, where the trigger is about one and the partner has several.
    UsageError for a trigger that starts by itself, is off, or whose condition does not hold, for whom or what nobody
    knows, and when nobody by name starts it: who asked for it cannot approve it.
    """
    person = someone(store, actor, f"start {name}")
    (active,) = _named(store, name)
    trigger = active.trigger
    if trigger.on != "manual":
        raise UsageError(f"“{trigger.title}” starts by itself: on = “{trigger.on}”.")
    if active.state != "on":
        raise UsageError(f"“{trigger.title}” is switched off: prm triggers on {name}")
    _forward(store, as_of)
    partner = partners.resolve(store, said)
    row = records.one_of(store, partner, trigger.about.kind, record) if trigger.about.kind else None
    with store.change(f"{trigger.title}: started by hand", actor=person.id, as_of=as_of, kind="run") as change:
        round_ = round_of(store, change)
        if not matches.begin(change, active, round_.known, partner, row):
            raise UsageError(
                f"“{trigger.title}” does not apply: {trigger.when}. See why: prm explain {typed(said)} {typed(trigger.when or '')}"
            )
        steps.open_cases(round_, Matched(active), asked_by=person.id)
    done = _advance(store, as_of, person.id, change.id, before=[change.id])
    done.add(Fired(name, trigger.title, acted=1))
    return done


def release(store: Store, name: str, *, actor: int | None, as_of: date) -> Run:
    """Let the held matches of a trigger go on: their cases open, and what is due is done.

    UsageError for a trigger that is not there or holds nothing, and when nobody by name lets them go.
    """
    person = someone(store, actor, "let held matches go")
    found = _named(store, name)
    _forward(store, as_of)
    return _let_go(store, found, as_of, person.id)


def round_of(store: Store, change: Change) -> Round:
    """A round of automation within a change."""
    times = deadlines.calendar(store)
    today = clock.today(store.zone)
    now = change.at if change.as_of == today else times.at(change.as_of, 86_399)
    rules = shipped.deactivation()
    stops = {ground.key: ground.stops for ground in rules.grounds.values()}
    return Round(change, catalogue(store.conn), times, now, documents.rendered, documents.tabled, rules.frozen, stops)


def may_run(store: Store, as_of: date) -> bool:
    """Whether a run as of a date would not go backwards."""
    last = sweeps.last_day(store.conn)
    return last is None or last <= as_of.isoformat()


def _forward(store: Store, as_of: date) -> None:
    last = sweeps.last_day(store.conn)
    if last is not None and last > as_of.isoformat():
        raise UsageError(
            f"The last run was for {last}; automation does not run backwards. What it would do as of {as_of}, say:"
            f" prm run --dry-run --as-of {as_of}"
        )


def _advance(
    store: Store,
    as_of: date,
    actor: int | None,
    caused_by: int | None,
    *,
    only: Sequence[str] = (),
    before: Sequence[int] = (),
) -> Run:
    """Rounds until nothing is new; `only` these triggers, and no deadlines; `before`: changes that belong to the run."""
    found = Run(as_of)
    if not (only or before or sweeps.anything(store.conn, as_of, clock.now())):
        return found
    changes: list[int] = list(before)
    seen = 0
    active = sweeps.triggers(store.conn, *only, on=not only)  # no round switches one on
    for n in range(1, ROUNDS + 1):
        why = f"automation as of {as_of}" + (f", round {n}" if n > 1 else "")
        with store.change(
            why, actor=actor, as_of=as_of, kind="run", caused_by=changes[-1] if changes else caused_by
        ) as change:
            did = _one_round(store, change, found, active, only, n)
        if change.kept:
            changes.append(change.id)
        seen = change.id if change.kept and not did else change.id - 1
        if not did or not change.kept:
            break
        found.rounds = n
    else:
        found.notes.append(f"After {ROUNDS} rounds something was still new; it waits for the next run.")
    sweeps.ran(store.conn, as_of.isoformat(), seen)
    found.counts, found.effects = runs.counts(store.conn, changes), runs.effects(store.conn, changes)
    found.changes = changes
    return found


def _one_round(
    store: Store, change: Change, found: Run, triggers: Sequence[sweeps.Active], only: Sequence[str], n: int
) -> bool:
    """The n-th round; whether it did anything that may cause another."""
    round_ = round_of(store, change)
    made = emits.emit(change)  # what the dates of records make has come with the day; the next round sees it
    fired = 0 if only else steps.fire_timers(round_)
    moved = 0 if only else steps.look_at_waiting(round_)
    looked = [  # all conditions on one picture of the file, then what follows from them, by priority
        _look(round_, active, forced=bool(only) and n == 1) for active in triggers
    ]
    begun = 0
    for matched in filter(None, looked):
        if matched.acts:
            steps.open_cases(round_, matched)
        begun += matched.acts
        if matched.new or matched.noted:
            trigger = matched.active.trigger
            found.add(Fired(trigger.name, trigger.title, matched.acts, matched.held, matched.noted, matched.late,
                            matched.hold_out))  # fmt: skip
    ran = steps.run_ready(round_)
    found.timers += fired
    found.moved += moved
    return bool(made or fired or moved or begun or ran)


def _look(round_: Round, active: sweeps.Active, *, forced: bool) -> Matched | None:
    """Let a trigger look at what may have changed; None when nothing can have."""
    conn, change = round_.conn, round_.change
    sweep = sweeps.sweep(conn, active.id)
    day, newest = change.as_of.isoformat(), change.id
    if forced and active.state != "on":
        sweep = sweeps.Sweep(None, 0)
    touched = round_.touch(sweep.upto)
    first = "act" if forced and active.state != "on" else stored.first_said(conn, active.trigger.name)
    looking = Looking(change, active, round_.known, sweep, touched=touched, first=first)
    if looking.nothing_new:
        return None
    looking.look()
    version = sweeps.current(conn, active.trigger.start)
    matched = looking.settle(acting=version is not None and bool(round_.workflow(version).acts))
    sweeps.swept(conn, active.id, day, newest - 1)
    return matched
