"""The end of a deactivation: what was learned, who is welcome again and when; and coming back as a new enrolment."""

from __future__ import annotations

from datetime import date, timedelta

from prm_tui.domain.case import Case
from prm_tui.domain.deactivation import Lesson
from prm_tui.domain.errors import UsageError
from prm_tui.domain.obligation import PROVE
from prm_tui.services import agreeing, cases, gates, packs, partners
from storage import Store, settings
from storage import cases as stored
from storage import deactivation as kept
from storage import obligations as owing
from storage import transition as handing
from storage.store import Change


def close(
    store: Store,
    case_id: int,
    *,
    lesson: str,
    reason: str,
    waive: str = "",
    reapply_on: date | None = None,
    actor: int | None,
    as_of: date,
) -> int:
    """Close a deactivation that has taken effect; returns the change.

    `lesson` is what was learned, `reason` the reason it was in the end, of the pack's list. What is left to do is listed and
    stands in the way; `waive` lets all of it go, with that reason and the name of who closes. `reapply_on`: from when the
    partner may be enrolled again, else so many days after it left as the file's setting reapply_days says.
    """
    case = cases.shown(store, case_id, actor)
    if case.row.kind != "deactivation" or case.row.stage != "after":
        raise UsageError(
            f"Case {case_id} of {case.row.name} cannot be closed now: only a deactivation that took effect is."
        )
    person = agreeing.someone(store, actor, "close a case")
    if not reason.strip():
        raise UsageError(f"reason: say which it was in the end (--reason-confirmed). It began with: {case.row.reason}.")
    why = packs.deactivation().reason(reason)
    if reapply_on is not None and reapply_on < date.fromisoformat(case.data["effective_on"]):
        raise UsageError(f"reapply_on: {reapply_on} lies before the partner left, {case.data['effective_on']}.")
    if not lesson.strip():
        raise UsageError("lesson: say what was learned, for whom is recruited next.")
    with store.reading() as conn:
        owed = owing.open_of(conn, case_id)
        held = [item for item in handing.items(conn, case_id, as_of) if item.done_on is None]
    left = _left(case)
    if (left or owed or held) and not waive.strip():
        listed = [*(f"“{title}” ({whose})" for _, title, whose in left),
                  *(f"obligation {one.id} “{one.title}” ({one.whose})" for one in owed),
                  *(f"{item.title}: {item.said}" for item in held)]  # fmt: skip
        raise UsageError(
            f"Case {case_id} of {case.row.name} cannot be closed: {len(listed):,} left to do.\n  "
            + "\n  ".join(listed)
            + f"\nDo them, or let them go with a reason: prm cases close {case_id} … --waive REASON"
        )
    gates.hold(store, case, "close", as_of)
    with store.change(f"closed: deactivation of {cases.about(case)}", actor=person.id, as_of=as_of) as change:
        for one in owed:
            owing.met(change, one, "waived", waive.strip(), None)
        for task_id, _, _ in left:
            cases.finish(change, task_id, "cancelled", person.id, as_of, waive.strip())
        for task in case.tasks:
            if task.act == "close" and task.state in ("open", "planned"):
                cases.finish(change, task.id, "done", person.id, as_of)
        data = {
            **case.data, "lesson": lesson.strip(), "reason_confirmed": why.key,
            "reapply_on": (reapply_on or welcome_again(change, case)).isoformat(),
        }  # fmt: skip
        stored.update(change, "cases", case_id, {"data": data})
        cases.close(change, cases.get(store, case_id), "deactivated", as_of)
    return change.id


def _left(case: Case) -> list[tuple[int, str, str]]:
    """To-dos that are open, beside those of obligations: (id, title, whose)."""
    open_ = [t for t in case.tasks if t.state in ("open", "planned") and t.act not in ("close", PROVE)]
    return [(t.id, t.title, t.whose) for t in open_]


def welcome_again(change: Change, case: Case) -> date:
    """From when a partner that left by this case may be enrolled again."""
    if case.data.get("reapply_on"):
        return date.fromisoformat(case.data["reapply_on"])
    return date.fromisoformat(case.data["effective_on"]) + timedelta(days=settings.number(change.conn, "reapply_days"))


def lessons(store: Store, viewer: int | None = None) -> list[Lesson]:
    """What was learned from partners that left, the most frequent first: the other side of whom to recruit."""
    with store.reading() as conn:
        return kept.lessons(conn, viewer)


def reactivate(
    store: Store, partner_id: int, reason: str, *, override: str = "", actor: int | None, as_of: date
) -> int:
    """Enrol a partner anew that was deactivated: its history stays, it is Onboarding; returns the case, closed at once.

    Refused before its re-apply date unless `override` says why it may come back earlier. UsageError for a partner that has not
    left, without a reason, and when nobody by name does it.
    """
    partner = partners.get(store, partner_id, as_of)
    if partner.fields["status"] != "Deactivated":
        raise UsageError(
            f"{partner.name} is {partner.fields['status']}, not Deactivated: there is nobody to enrol anew."
        )
    if not reason.strip():
        raise UsageError("reason: say why the partner is enrolled anew.")
    person = agreeing.someone(store, actor, "enrol a partner anew")
    cases.in_the_present(store, as_of, "enrol a partner anew")
    with store.change(f"{partner.name} is enrolled anew: {reason.strip()}", actor=person.id, as_of=as_of) as change:
        left_by = kept.left_by(change.conn, partner_id)
        old = cases.get(store, left_by) if left_by is not None else None
        welcome = welcome_again(change, old) if old else None
        if welcome is not None and as_of < welcome and not override.strip():
            raise UsageError(
                f"{partner.name} may be enrolled again from {welcome} on (case {left_by}). Earlier only with a reason for it:"
                f" prm reactivate {partner.code} --reason … --override REASON"
            )
        early = welcome is not None and as_of < welcome
        data = {
            "left_by": left_by,
            "welcome_on": welcome and welcome.isoformat(),
            "override": override.strip() if early else "",
        }
        stored.set_status(change, partner_id, "Onboarding")
        case = stored.insert(
            change, "cases",
            {"kind": "reactivation", "partner_id": partner_id, "title": f"{partner.name} is enrolled anew", "state": "closed",
             "stage": "closed", "owner": person.id, "requested_by": person.id, "reason": reason.strip(), "outcome": "enrolled anew",
             "opened_on": as_of.isoformat(), "closed_on": as_of.isoformat(), "data": data},
        )  # fmt: skip
    return case
