"""What a step would write for one partner, found out by opening a case for it; for use in a rehearsal."""

from __future__ import annotations

from collections.abc import Sequence

from prm_tui.domain.preview import Reader
from prm_tui.domain.standing import Subject
from prm_tui.domain.step import Document, Notify
from prm_tui.domain.template import Template
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import Workflow
from storage import telling, whom
from storage.rounds import Round, acting, enter


def reader(
    round_: Round, flow: Workflow, trigger: Trigger, step: Notify | Document, texts: Sequence[Template], one: Subject
) -> Reader:
    """Who would get what a step writes, and what the fields of texts say for it. The case stays in the change."""
    owner, params = whom.person_sql(flow.owner)
    case = round_.conn.execute(
        "INSERT INTO cases(kind, partner_id, subject, subject_id, title, state, stage, owner, opened_on, reason, data,"
        f" change_id) SELECT :kind, p.id, :subject, :row, :title, 'open', :stage, {owner}, :on, :why, '{{}}', :change"
        " FROM partners p WHERE p.id = :partner",
        {"kind": flow.name, "subject": trigger.subject, "row": one.row, "title": flow.title, "stage": step.id,
         "on": round_.as_of.isoformat(), "why": trigger.title, "change": round_.change.id, "partner": one.partner_id, **params},
    ).lastrowid  # fmt: skip
    enter(round_, step.id, "SELECT :case AS id, NULL AS own", {"case": case})
    acting(round_, "FROM steps s JOIN cases c ON c.id = s.case_id WHERE c.id = ?", (case,))
    to = telling.recipients(round_, step.to) if isinstance(step, Notify) else {}
    first = {visit: receivers[0] for visit, receivers in to.items()}  # of several with a role, one as an example
    receiver = next(iter(first.values()), telling.NOBODY)
    (told,) = telling.fields(round_, texts, first).values()
    lacks = telling.wrong(step, receiver, (), False) if isinstance(step, Notify) else ""
    return Reader(one.code, one.name, one.which, receiver.name, receiver.address, lacks, told)
