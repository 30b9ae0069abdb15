"""What others take for the same work; run in an environment of its own (.bench): python -m bench.rivals NAME.

Nothing of prm is imported here, and nothing here is imported by prm.
"""

from __future__ import annotations

import json
import random
import sys
import time


def rule_engine() -> float:
    """100,000 dictionaries with ready facts, one rule of four clauses; in seconds."""
    import rule_engine as package

    chance = random.Random(1)
    partners = [
        {"last_order": chance.randrange(400), "orders": chance.randrange(20), "amount": chance.random() * 20_000,
         "territory": chance.choice(("North", "South", "East", "West", "Centre"))}
        for _ in range(100_000)
    ]  # fmt: skip
    rule = package.Rule("last_order > 90 and orders >= 3 and amount > 5000 and territory == 'North'")
    begun = time.perf_counter()
    list(rule.filter(partners))
    return time.perf_counter() - begun


BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="x"><b:process id="three" isExecutable="true">
<b:startEvent id="s"><b:outgoing>f1</b:outgoing></b:startEvent>
<b:userTask id="do"><b:incoming>f1</b:incoming><b:outgoing>f2</b:outgoing></b:userTask>
<b:userTask id="ask"><b:incoming>f2</b:incoming><b:outgoing>f3</b:outgoing></b:userTask>
<b:userTask id="tell"><b:incoming>f3</b:incoming><b:outgoing>f4</b:outgoing></b:userTask>
<b:endEvent id="e"><b:incoming>f4</b:incoming></b:endEvent>
<b:sequenceFlow id="f1" sourceRef="s" targetRef="do"/><b:sequenceFlow id="f2" sourceRef="do" targetRef="ask"/>
<b:sequenceFlow id="f3" sourceRef="ask" targetRef="tell"/><b:sequenceFlow id="f4" sourceRef="tell" targetRef="e"/>
</b:process></b:definitions>"""


def spiff(count: int = 300) -> float:
    """Cases of three manual steps, each kept as JSON in SQLite between its rounds; in seconds for 10,000 of them."""
    import sqlite3

    from lxml import etree
    from SpiffWorkflow import TaskState
    from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
    from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(BPMN.encode()))
    spec, keep = parser.get_spec("three"), BpmnWorkflowSerializer()
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE cases(id INTEGER PRIMARY KEY, body TEXT)")
    begun = time.perf_counter()
    for _ in range(count):
        case = BpmnWorkflow(spec)
        case.do_engine_steps()
        conn.execute("INSERT INTO cases(body) VALUES (?)", (keep.serialize_json(case),))
    for _ in range(3):
        for row, body in conn.execute("SELECT id, body FROM cases").fetchall():
            case = keep.deserialize_json(body)
            for task in case.get_tasks(state=TaskState.READY, manual=True):
                task.run()
            case.do_engine_steps()
            conn.execute("UPDATE cases SET body = ? WHERE id = ?", (keep.serialize_json(case), row))
    assert case.is_completed()
    return (time.perf_counter() - begun) * 10_000 / count


def numpy(path: str, day: str, shape: float, rate: float) -> dict[str, float]:
    """Each partner's figures by SQL into arrays, then the Gamma–Poisson surprise of its silence; how many are rare."""
    import sqlite3

    import numpy as np

    kinds = "('order', 'payment', 'lead', 'deal_registered', 'deal_won', 'deal_lost', 'campaign')"
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA cache_size = -32000")
    begun = time.perf_counter()
    rows = conn.execute(
        "SELECT count(DISTINCT a.occurred_on), julianday(max(a.occurred_on)) - julianday(min(a.occurred_on)), julianday(?) -"
        f" julianday(max(a.occurred_on)) FROM activities a WHERE a.kind IN {kinds} AND a.occurred_on <= ? AND a.superseded_at"
        " IS NULL GROUP BY a.partner_id",
        (day, day),
    ).fetchall()
    fetched = time.perf_counter() - begun
    n, span, silent = np.array(rows, dtype=float).T
    begun = time.perf_counter()
    p = ((rate + span) / (rate + span + silent)) ** (shape + n - 1)
    p[silent <= 30], p[silent > 365] = 1, 0
    rare = int((p < 0.05).sum())
    return {"seconds": fetched + time.perf_counter() - begun, "rare": rare}


if __name__ == "__main__":
    if sys.argv[1] == "numpy":
        print(json.dumps(numpy(sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5]))))
        sys.exit()
    print(json.dumps({"seconds": {"rule-engine": rule_engine, "spiff": spiff}[sys.argv[1]]()}))
