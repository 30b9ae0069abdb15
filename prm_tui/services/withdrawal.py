"""The letter by which a served notice is withdrawn: it waits in the outbox for those who approved the notice."""

from __future__ import annotations

from datetime import date

from prm_tui.domain.case import Case
from prm_tui.domain.message import lacking
from prm_tui.domain.said import said
from prm_tui.domain.template import parse
from prm_tui.services import shipped
from storage import cases as stored
from storage import contacts, packs
from storage.store import Change

TEMPLATE = "withdrawal"


def letter(change: Change, case: Case) -> int:
    """Write the letter for the main contact; returns the message. What is not known stays in it as a field to fill in.

    Its text is the template “withdrawal”: the file's own, else the one that comes with the program.
    """
    main = next((c for c in contacts.contacts(change.conn, case.row.partner_id) if not c.opt_out), None)
    known = {
        "partner.name": case.row.name,
        "contact.name": main.name if main else None,
        "case.served_on": said(date.fromisoformat(case.data["served_on"])),
        "case.effective_on": said(date.fromisoformat(case.data["effective_on"])),
    }
    own = packs.templates(change.conn).get(TEMPLATE)
    text = (
        shipped.read("deactivation")["template"][TEMPLATE]
        if own is None
        else {"subject": own.subject, "body": own.body}
    )
    subject, body = (_filled(text[part], known) for part in ("subject", "body"))
    lacks = lacking("letter", None, main is not None, subject, body)
    message = stored.insert(
        change, "messages",
        {"case_id": case.row.id, "partner_id": case.row.partner_id, "contact_id": main.id if main else None,
         "template": TEMPLATE, "channel": "letter", "subject": subject, "body": body,
         "state": "returned" if lacks else "draft"},
    )  # fmt: skip
    if lacks:
        stored.insert(
            change, "tasks",
            {"case_id": case.row.id, "partner_id": case.row.partner_id, "kind": "to-do", "role": "program manager",
             "title": f"Complete the letter that withdraws the notice: {'; '.join(lacks)}", "state": "open",
             "due_on": change.as_of.isoformat(), "data": {"message": message}},
        )  # fmt: skip
    return message


def _filled(text: str, known: dict[str, str | None]) -> str:
    """A text with the fields that are known; the others stay as they are, so that it cannot go out with a hole."""
    made, at = "", 0
    for field in parse(text).fields:
        made += text[at : field.at] + (known.get(field.text) or text[field.at : field.end])
        at = field.end
    return made + text[at:]
