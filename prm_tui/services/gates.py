"""Gates of a case: what stands in the way of a stage, by name, and letting it pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from prm_tui.domain.case import Case
from prm_tui.domain.condition import Leaf
from prm_tui.domain.errors import UsageError
from prm_tui.domain.gate import BLOCKS, Blocked, InTheWay, Passed
from prm_tui.domain.person import Person
from prm_tui.domain.text import name_key, nearest
from prm_tui.services import agreeing, cases, partners
from storage import Store
from storage import gates as stored


def of_case(store: Store, case_id: int, as_of: date) -> tuple[Blocked, ...]:
    """All that stands in the way of a case at any stage, in their order, with what was let pass. UsageError for no case."""
    case = cases.get(store, case_id)
    let = stored.passed(case.data)
    found = _met(store, case.row.kind, case.row.partner_id, _effective(case), as_of)
    return tuple(replace(one, passed=let.get((one.gate, one.row))) for one in found)


def ahead(
    store: Store, partner_id: int, effective_on: date | None, as_of: date, kind: str = "deactivation"
) -> tuple[Blocked, ...]:
    """What would stand in the way of a case of a partner that is not opened yet."""
    return _met(store, kind, partner_id, effective_on, as_of)


def blocking(store: Store, case_id: int, stage: str, as_of: date) -> tuple[Blocked, ...]:
    """What stands in the way of one stage (approval, service, effective, close) and was not let pass."""
    return tuple(one for one in of_case(store, case_id, as_of) if one.blocks == stage and one.passed is None)


def hold(store: Store, case: Case, stage: str, as_of: date) -> None:
    """Refuse a stage of a case while something stands in its way: InTheWay lists it by name, with what to do next."""
    found = blocking(store, case.row.id, stage, as_of)
    if found:
        raise InTheWay(f"The {case.row.kind} of {case.row.name}", case.row.id, stage, found)


def why(store: Store, case_id: int, blocked: Blocked, as_of: date) -> Leaf:
    """The condition of what stands in the way, leaf by leaf, with values and the rows behind."""
    case = cases.get(store, case_id)
    with store.reading() as conn:
        gate = stored.gates(conn)[blocked.gate]
        return stored.why(conn, stored.catalogue(conn), gate, case.row.partner_id, blocked.row, _effective(case), as_of)


def let_pass(
    store: Store, case_id: int, gate: str, subject: str, reason: str, *, actor: int | None, as_of: date
) -> int:
    """Let `subject` (its name) pass a gate in a case, for a reason; returns the change.

    Raises UsageError for who may not, without a reason, for what does not stand in the way (with the nearest name), for a
    case that is closed or restricted to others, and when as-of is not today (except in a demonstration file).
    """
    case = cases.get(store, case_id)
    if not case.row.open:
        raise UsageError(f"Case {case_id} of {case.row.name} is closed ({case.row.outcome}).")
    person = agreeing.someone(store, actor, "let it pass")
    cases.may_see(store, case, person.id)
    cases.in_the_present(store, as_of, "let it pass")
    if not reason.strip():
        raise UsageError("reason: say why it may pass.")
    there = [one for one in of_case(store, case_id, as_of) if one.passed is None]
    chosen = _named(there, gate, subject)
    _may(store, case, chosen[0], person, as_of)
    with store.change(
        f"let pass: {chosen[0].title}, {chosen[0].name}, of {case.row.name}", actor=actor, as_of=as_of
    ) as change:
        for one in chosen:
            stored.let_pass(change, case_id, one, Passed(person.name, as_of, reason.strip()))
    return change.id


def _effective(case: Case) -> date | None:
    """The effective date of a case, planned or standing; None where it has none."""
    said = case.data.get("effective_on")
    return date.fromisoformat(said) if said else None


def _met(store: Store, kind: str, partner_id: int, effective_on: date | None, as_of: date) -> tuple[Blocked, ...]:
    with store.reading() as conn:
        gates = stored.gates(conn, kind)
        known = stored.catalogue(conn) if gates else None
        found = [one for gate in gates.values() if known is not None
                 for one in stored.blocked(conn, known, gate, partner_id, effective_on, as_of)]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (list(BLOCKS).index(one.blocks), one.gate, one.name)))


def _named(there: list[Blocked], gate: str, subject: str) -> list[Blocked]:
    """Those of a gate and a name. UsageError with the nearest where there is none."""
    gates = sorted({one.gate for one in there})
    if not gates:
        raise UsageError("Nothing stands in the way of this case.")
    if gate not in gates:
        like = nearest(gate, gates)
        raise UsageError(
            f"gate: nothing stands in the way by “{gate}”. "
            + (f"Did you mean “{like}”?" if like else f"There is: {', '.join(gates)}.")
        )
    names = sorted({one.name for one in there if one.gate == gate})
    found = [one for one in there if one.gate == gate and one.name.casefold() == subject.strip().casefold()]
    if not found:
        like = nearest(subject, names)
        raise UsageError(
            f"“{subject}” does not stand in the way by “{gate}”. "
            + (f"Did you mean “{like}”?" if like else f"There is: {', '.join(names[:20])}.")
        )
    return found


def _may(store: Store, case: Case, blocked: Blocked, person: Person, as_of: date) -> None:
    with store.reading() as conn:
        by = stored.gates(conn)[blocked.gate].by
    if by is None:
        raise UsageError(f"{blocked.title}: nobody may let this pass. {blocked.detail}".strip())
    start, _, name = by.partition(":")
    if start == "manager":
        name = str(partners.get(store, case.row.partner_id, as_of).fields["manager"] or "")
    if not (name in person.roles if start == "role" else name_key(name) == name_key(person.name)):
        raise UsageError(
            f"{person.name} cannot let this pass; {blocked.by} may."
            f" {person.name} is {', '.join(person.roles) or 'without a role'}."
        )
