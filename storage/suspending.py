"""Partners that a workflow suspends at once, each with a case of its own; a person lifts it (`prm resume`)."""

from __future__ import annotations

import json

from prm_tui.domain.partner import CASE_STATUSES
from prm_tui.domain.step import Step, Suspend
from prm_tui.domain.template import parse
from prm_tui.domain.workflow import Workflow
from storage import telling, whom
from storage.rounds import Round


def suspend(round_: Round, workflow: Workflow, step: Step) -> None:
    """Suspend the partners in temp.acting that are not out already; two reasons in one round are one suspension."""
    assert isinstance(step, Suspend)
    owner, params = whom.person_sql(workflow.owner)
    told = telling.fields(round_, [parse(step.reason)], {})
    params |= {"reasons": json.dumps({visit: telling.filled(step.reason, said) for visit, said in told.items()}),
               "out": json.dumps(CASE_STATUSES), "on": round_.as_of.isoformat(), "change": round_.change.id,
               "ground": step.ground, "stops": json.dumps(round_.grounds.get(step.ground, ()))}  # fmt: skip
    round_.conn.execute(
        "INSERT INTO cases(kind, partner_id, subject, subject_id, title, stage, owner, reason, opened_on, data, hit_id, change_id)"
        f" SELECT 'suspension', p.id, c.subject, c.subject_id, 'Suspension of ' || p.name, 'suspended', {owner}, r.value, :on,"
        " json_object('status_before', p.status, 'case', c.id, 'ground', :ground, 'stops', json(:stops)), c.hit_id, :change"
        " FROM temp.acting a JOIN cases c ON c.id = a.case_id JOIN partners p ON p.id = a.partner_id"
        " JOIN json_each(:reasons) r ON r.key = a.visit"
        " WHERE a.visit = (SELECT min(o.visit) FROM temp.acting o WHERE o.partner_id = a.partner_id)"
        " AND p.status NOT IN (SELECT value FROM json_each(:out)) ORDER BY a.visit",
        params,
    )
    round_.conn.execute(
        "UPDATE partners SET status = 'Suspended' WHERE id IN (SELECT partner_id FROM temp.acting)"
        " AND status NOT IN (SELECT value FROM json_each(:out))",
        params,
    )
