"""Service of notice: when it was sent and received, how that is said, and the dates it gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from prm_tui.domain.case import Case
from prm_tui.domain.errors import UsageError
from prm_tui.domain.notice import Dates, dates
from prm_tui.services import packs
from prm_tui.services.notice import table as notice_table
from storage import Store, impact, settings


def dates_after(store: Store, case: Case, received_on: date) -> Dates:
    """The dates that notice received on a day gives: never earlier than what was planned."""
    with store.reading() as conn:
        terms = impact.terms(conn, case.row.partner_id, received_on)
    how = packs.deactivation().path(case.path or "convenience")
    found = dates(how, terms, notice_table(store), received_on, line=case.data.get("line"), served=True)
    planned = date.fromisoformat(case.data["effective_on"])
    if case.data.get("by_hand"):  # no rule is on file: the length that was chosen is kept
        later = received_on + (planned - date.fromisoformat(case.data["notice_on"]))
        found = replace(found, effective_on=later, rule=case.data["rule"], asked="", basis=case.data.get("basis", ""))
    if found.effective_on > planned:
        return found
    return replace(found, effective_on=planned, rule=case.data["rule"], basis=case.data.get("basis", ""))


def of(store: Store, case: Case, on: date | None, sent_on: date | None, as_of: date) -> dict[str, Any]:
    """When notice was sent and received, and what the agreement says of that."""
    for key, day in (("on", on), ("sent_on", sent_on)):
        if day is not None and day > as_of:
            raise UsageError(f"{key}: {day} lies after {as_of}. Record service when it has happened.")
        if day is not None and day < case.row.opened_on:
            raise UsageError(f"{key}: {day} lies before the case was opened, {case.row.opened_on}.")
    if on is not None and sent_on is not None and on < sent_on:
        raise UsageError(f"on: {on} lies before it was sent, {sent_on}.")
    with store.reading() as conn:
        terms = impact.terms(conn, case.row.partner_id, sent_on or on or as_of)
        days = settings.number(conn, "deemed_days") if terms.deemed_days is None else terms.deemed_days
    deemed = on is None and sent_on is not None
    received = sent_on + timedelta(days=days) if deemed and sent_on is not None else on or as_of
    return {"sent_on": sent_on and sent_on.isoformat(), "received_on": received.isoformat(), "deemed": deemed,
            "deemed_days": days, "clause": terms.address, "law": terms.law}  # fmt: skip


def said(service: dict[str, Any]) -> str:
    """When and how notice was served, as its proof is called."""
    sent = f"notice sent on {service['sent_on']}, " if service["sent_on"] else "notice "
    return f"{sent}{'counts as ' if service['deemed'] else ''}received on {service['received_on']}, {service['method']}"
