"""Partners that went quiet: the state of each on a day, why, since when, and what it was before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from prm_tui.domain.condition import Checked, check
from prm_tui.domain.coverage import Covered
from prm_tui.domain.errors import UsageError
from prm_tui.domain.inactivity import STANDARD, PartnerState, Policy, Quiet, Worth, in_effect
from prm_tui.domain.money import to_units
from prm_tui.domain.rhythm import WEAK, Prior, alive
from prm_tui.domain.shape import build, to_data
from prm_tui.domain.text import nearest
from storage import Store, coverage, policies, settings, states
from storage import quiet as stored
from storage.catalogue import catalogue
from storage.rhythm import Grown


def versions(store: Store) -> list[tuple[Policy, int]]:
    """Every version of every policy, with its number."""
    with store.reading() as conn:
        return policies.policies(conn)


def policy(store: Store, name: str, as_of: date) -> Policy:
    """The version of a policy that holds on a day. UsageError with the nearest when there is none."""
    found = {p.name: p for p in in_effect((p for p, _ in versions(store)), as_of)}
    if name not in found:
        like = nearest(name, found)
        raise UsageError(
            f"There is no policy “{name}” on {as_of}. "
            + (f"Did you mean “{like}”?" if like else f"There are: {', '.join(sorted(found))}.")
        )
    return found[name]


def edit(store: Store, name: str, fields: Mapping[str, str], *, actor: int | None, as_of: date) -> int:
    """Change a policy: its newest version with other fields is a new one; returns its number.

    `fields`: when, dormant_after, never_after, effective, as they were typed. Raises UsageError that names the field.
    """
    data = to_data(policy(store, name, as_of), leave=("name",))
    for key, said in fields.items():
        text = said.strip()
        data[key] = int(text) if key.endswith("_after") and text.isdecimal() else text
    made, faults = build(Policy, data, name=name)
    if made is None:
        raise UsageError(f"{faults[0].key[-1]}: {faults[0].problem}")
    with store.reading() as conn:
        check(made.when, catalogue(conn))
    with store.change(f"changed the policy {made.title}", actor=actor, as_of=as_of) as change:
        return policies.save(change, made)


def of_all(
    store: Store,
    as_of: date,
    *,
    only: Policy | None = None,
    ids: Iterable[int] | None = None,
    known: bool = False,
    where: str = "1",
) -> list[PartnerState]:
    """The state of every partner on a day, by name; `only`: by this one policy, whatever their type.

    `known`: by what was known on that day, else by all that is known now of the time until then.
    """
    with store.reading() as conn:
        judged = fill(store, as_of, only=only, ids=ids, known=known)
        return states.rows(conn, judged, as_of, where)


def fill(
    store: Store,
    as_of: date,
    *,
    only: Policy | None = None,
    ids: Iterable[int] | None = None,
    known: bool = False,
    grown: Grown | None = None,
) -> Sequence[states.Judged]:
    """As `of_all`, left in temp.state; inside a reading. `grown`: kept between looks at one day after another."""
    conn = store.conn
    listed = [only] if only else in_effect((p for p, _ in policies.policies(conn)), as_of) or [STANDARD]
    by, covered = _known(store, as_of) if known else (None, None)
    return states.fill(conn, catalogue(conn), listed, as_of, ids=ids, known_by=by, covered=covered, grown=grown)


def _known(store: Store, as_of: date) -> tuple[int, Callable[[Checked], Covered]]:
    """The last moment of a day, and the coverage of a condition then."""
    moment = int(datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(store.zone)).timestamp()) - 1
    return moment, lambda checked: coverage.covered_then(store.conn, checked, lambda _: moment)(as_of)


def of(store: Store, partner_id: int, as_of: date) -> PartnerState:
    """The state of one partner on a day."""
    return of_all(store, as_of, ids=[partner_id])[0]


def history(
    store: Store, partner_id: int, as_of: date, *, months: int = 24, known: bool = False
) -> list[tuple[date, PartnerState]]:
    """What was to be said of a partner at the end of each of the last months, the latest first; today's first of all."""
    days, day = [as_of], as_of.replace(day=1) - timedelta(days=1)
    for _ in range(months):
        days.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return [(day, of_all(store, day, ids=[partner_id], known=known)[0]) for day in days]


LISTED = ("slowing", "at_risk", "inactive", "dormant", "never_activated")


def quiet(store: Store, as_of: date, *, among: Sequence[str] = LISTED, ids: Sequence[int] | None = None) -> list[Quiet]:
    """Partners in these states with all that helps to decide about them; the most they ever brought in a year first.

    `ids`: only of these, whatever their state, in this order.
    """
    with store.reading() as conn:
        judged = fill(store, as_of, ids=None if ids is None else stored.with_family(conn, ids))
        wanted = set(ids or ())
        rows = states.rows(conn, judged, as_of)
        listed = [row for row in rows if (row.partner_id in wanted if ids is not None else row.key in among)]
        stored.choose(conn, (row.partner_id for row in listed))
        worth, half = stored.worth(conn, as_of), stored.upper_half(conn, as_of)
        paths, why = stored.paths(conn), stored.likely(conn, as_of)
        known, seen = states.priors(conn), _seen(store, listed)
    found = []
    for row in listed:
        own = worth.get(row.partner_id, Worth())
        best = to_units(own.best) if own.best is not None else 0
        potential = best > max(half.get(row.type or "", 0), 0)
        first = seen.get(row.since) if row.since else None
        family = paths.get(row.partner_id, ())
        found.append(Quiet(row, own, _chance(row, known), potential, family, why.get(row.partner_id), first))
    if ids is not None:
        place = {one: n for n, one in enumerate(ids)}
        return sorted(found, key=lambda one: place[one.row.partner_id])
    return sorted(found, key=lambda one: (-(one.worth.best or 0), one.row.name.casefold()))


def _chance(row: PartnerState, known: Mapping[str, Prior]) -> float:
    if row.first is None or row.last is None or row.silent is None:
        return 0.0
    prior = known.get(row.type or "") or known.get("") or WEAK
    return alive(row.active_days - 1, (row.last - row.first).days, row.silent, prior)


def _seen(store: Store, rows: Sequence[PartnerState]) -> dict[date, date]:
    conn = store.conn
    known, tolerance = catalogue(conn), settings.number(conn, "coverage_tolerance")
    signals = {row.policy.signal for row in rows}
    kinds = [kind for signal in sorted(signals) for kind in states.kinds(known, signal)]
    return stored.seen(conn, (row.since for row in rows if row.since), kinds, tolerance)
