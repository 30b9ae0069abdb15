"""Packs in the file: their kinds, fields, facts and templates, and the versions of triggers and workflows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prm_tui.domain.fault import Fault, Key
from prm_tui.domain.pack import ActivityKind, MessageTemplate, NamedFact, Pack, PartnerField, RecordKind
from prm_tui.domain.pack_check import Known
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import Workflow
from storage import gates, policies
from storage import templates as texts
from storage.cases import insert, update, workflow_version
from storage.catalogue import catalogue
from storage.store import Change


@dataclass(frozen=True)
class Added:
    """A pack the file has. `at`: when it was added first, in seconds."""

    name: str
    title: str
    kind: str
    body: str
    at: int


def packs(conn: sqlite3.Connection) -> dict[str, Added]:
    """The packs of a file: name → what was added."""
    rows = conn.execute(
        "SELECT p.name, p.title, p.kind, p.body, c.at FROM packs p JOIN changes c ON c.id = p.change_id"
    )
    return {row[0]: Added(*row) for row in rows.fetchall()}


def known(conn: sqlite3.Connection) -> Known:
    """What a file knows, for checking a pack against it."""
    emits = conn.execute("SELECT name, emits FROM kinds WHERE tbl = 'record' AND emits != '{}'").fetchall()
    return Known(
        catalogue=catalogue(conn),
        workflows=workflows(conn),
        triggers=triggers(conn),
        templates=frozenset(templates(conn)),
        roles=frozenset(
            row[0] for row in conn.execute("SELECT role FROM roles WHERE person_id IN (SELECT id FROM people WHERE active)")
        ),
        people=frozenset(row[0] for row in conn.execute("SELECT name FROM people WHERE active")),
        emits={name: json.loads(body) for name, body in emits},
    )  # fmt: skip


def workflows(conn: sqlite3.Connection) -> dict[str, Workflow | None]:
    """The newest version of every workflow; None for one that the program runs by its own rules."""
    rows = conn.execute("SELECT w.name, v.body FROM workflows w JOIN workflow_versions v ON v.id = w.version_id")
    return {name: Workflow.from_text(name, body)[0] for name, body in rows.fetchall()}


def triggers(conn: sqlite3.Connection) -> dict[str, Trigger]:
    """The newest version of every trigger, on or off."""
    rows = conn.execute("SELECT t.name, v.body FROM triggers t JOIN trigger_versions v ON v.id = t.version_id")
    found = {name: Trigger.from_text(name, body)[0] for name, body in rows.fetchall()}
    return {name: trigger for name, trigger in found.items() if trigger is not None}


def trigger_then(conn: sqlite3.Connection, name: str, version: int) -> Trigger | None:
    """One version of a trigger; None where it is not there."""
    row = conn.execute(
        "SELECT v.body FROM trigger_versions v JOIN triggers t ON t.id = v.trigger_id WHERE t.name = ? AND v.n = ?",
        (name, version),
    ).fetchone()
    return Trigger.from_text(name, row[0])[0] if row else None


def last_two(conn: sqlite3.Connection, what: str, name: str) -> tuple[Any, Any]:
    """The bodies of the version before the newest, and of the newest, of a trigger or workflow; None where there is none."""
    rows = conn.execute(
        f"SELECT v.body FROM {what}_versions v JOIN {what}s o ON o.id = v.{what}_id WHERE o.name = ? ORDER BY v.n DESC LIMIT 2",
        (name,),
    ).fetchall()
    bodies = [json.loads(body) for (body,) in rows]
    return (bodies[1] if len(bodies) > 1 else None), (bodies[0] if bodies else None)


def templates(conn: sqlite3.Connection) -> dict[str, MessageTemplate]:
    """Every template."""
    rows = conn.execute("SELECT name, subject, body FROM templates").fetchall()
    return {row[0]: MessageTemplate(name=row[0], subject=row[1], body=row[2]) for row in rows}


def facts(conn: sqlite3.Connection) -> dict[str, NamedFact]:
    """Every named fact."""
    rows = conn.execute("SELECT name, body, sentence FROM facts ORDER BY name").fetchall()
    return {row[0]: NamedFact(name=row[0], value=row[1], sentence=row[2]) for row in rows}


def kinds(
    conn: sqlite3.Connection, names: Collection[str], core: Mapping[tuple[str, str], Collection[str]]
) -> tuple[dict[str, ActivityKind], dict[str, RecordKind], dict[str, PartnerField]]:
    """Kinds of activity and of record, and custom fields of partners, of these names.

    `core`: (table, kind) → fields, of the kinds every file has; of these, only the fields that were added.
    """
    fields: dict[tuple[str, str], dict[str, str]] = {}
    labels: dict[str, str] = {}
    for table, kind, key, label, type_ in conn.execute(
        "SELECT tbl, kind, key, label, type FROM fields ORDER BY ord, id"
    ):
        if key not in core.get((table, kind), ()):
            fields.setdefault((table, kind), {})[key] = type_
        labels |= {key: label} if table == "partner" else {}
    activities: dict[str, ActivityKind] = {}
    records: dict[str, RecordKind] = {}
    rows = conn.execute("SELECT tbl, name, label, class, pillar, open, emits FROM kinds ORDER BY name").fetchall()
    for table, name, label, class_, pillar, opened, emits in rows:
        own = fields.get((table, name), {})
        if name not in names or ((table, name) in core and not own):
            continue
        if (table, name) in core:
            class_ = pillar = None
            opened, emits = "[]", "{}"
        if table == "activity":
            books = json.loads(emits).get("ledger")
            activities[name] = ActivityKind(
                name=name, label=label, class_=class_, pillar=pillar, books=books, fields=own
            )
        else:
            records[name] = RecordKind(name=name, label=label, pillar=pillar, fields=own, open=tuple(json.loads(opened)),
                                       emits=json.loads(emits))  # fmt: skip
    partner = fields.get(("partner", ""), {})
    return activities, records, {key: PartnerField(name=key, type=type_, label=labels[key])
                                 for key, type_ in partner.items() if key in names}  # fmt: skip


def clashes(conn: sqlite3.Connection, pack: Pack) -> Iterator[Fault]:
    """What a pack defines otherwise than the file does, where that is not the pack's to change."""
    for name, activity in pack.activities.items():
        yield from _kind_clash(conn, pack, ("activity", name), activity)
    for name, record in pack.records.items():
        yield from _kind_clash(conn, pack, ("record", name), record)
    for name, one in pack.partner.items():
        yield from _type_clash(conn, ("field", "partner", name, "type"), ("partner", "", name), _stored(one.type))
    for name, fact in pack.facts.items():
        row = conn.execute("SELECT pack, body FROM facts WHERE name = ?", (name,)).fetchone()
        if row and row[0] != pack.name and row[1] != fact.value:
            yield Fault(("fact", name, "value"), f"{_owner(row[0])} has a fact “{name}” already: {row[1]}")
    if pack.kind != "own":  # a file of one's own edits what is there
        yield from _name_clashes(conn, pack)
        yield from gates.clashes(conn, pack)


def _name_clashes(conn: sqlite3.Connection, pack: Pack) -> Iterator[Fault]:
    bodies = {
        "trigger": {name: body_of(one.to_data()) for name, one in pack.triggers.items()},
        "workflow": {name: body_of(one.to_data()) for name, one in pack.workflows.items()},
        "template": {name: body_of([one.subject, one.body]) for name, one in pack.templates.items()},
    }
    for what, mine in bodies.items():
        for name, body in mine.items():
            row = _current(conn, what, name)
            if row and row[0] not in (pack.name, *pack.supersedes) and row[1] != body:
                yield Fault((what, name), f"{_owner(row[0])} has another {what} “{name}” already; give this one its own name")  # fmt: skip


def _current(conn: sqlite3.Connection, what: str, name: str) -> tuple[str | None, str] | None:
    """(pack, body) of a trigger, workflow or template of that name."""
    if what == "template":
        row = conn.execute("SELECT pack, subject, body FROM templates WHERE name = ?", (name,)).fetchone()
        return (row[0], body_of([row[1], row[2]])) if row else None
    row = conn.execute(
        f"SELECT o.pack, v.body FROM {what}s o JOIN {what}_versions v ON v.id = o.version_id WHERE o.name = ?", (name,)
    ).fetchone()
    return (row[0], row[1]) if row else None


def _kind_clash(conn: sqlite3.Connection, pack: Pack, key: Key, kind: ActivityKind | RecordKind) -> Iterator[Fault]:
    table, name = str(key[0]), kind.name
    row = conn.execute(
        "SELECT pack, label, class, pillar, open, emits FROM kinds WHERE tbl = ? AND name = ?", (table, name)
    ).fetchone()
    if row is None or row[0] == pack.name:
        return
    if row[0] is not None:
        before = dict(zip(("label", "class", "pillar", "open", "emits"), row[1:], strict=True))
        for what, value in _columns(kind).items():
            if value not in (None, "[]", "{}") and value != before[what]:
                other = f"the pack {row[0]} has a kind of {table} “{name}” already"
                yield Fault((*key, what), f"{other}, with another {what}: {before[what]}")
    for field, type_ in kind.fields.items():
        yield from _type_clash(conn, (*key, "fields", field), (table, name, field), _stored(type_))


def _type_clash(conn: sqlite3.Connection, key: Key, field: tuple[str, str, str], type_: str) -> Iterator[Fault]:
    row = conn.execute("SELECT type FROM fields WHERE tbl = ? AND kind = ? AND key = ?", field).fetchone()
    if row and row[0] != type_:
        yield Fault(key, f"this field is {row[0]} in the file, not {type_}")


def _owner(pack: str | None) -> str:
    return f"the pack {pack}" if pack else "the file"


def _stored(type_: str) -> str:
    """A contact is kept as its name."""
    return "text" if type_ == "contact" else type_


def _columns(kind: ActivityKind | RecordKind) -> dict[str, str | None]:
    if isinstance(kind, ActivityKind):
        return {"label": kind.label, "class": kind.class_, "pillar": kind.pillar, "open": "[]",
                "emits": json.dumps({"ledger": kind.books} if kind.books else {})}  # fmt: skip
    return {"label": kind.label, "class": None, "pillar": kind.pillar, "open": json.dumps(list(kind.open)),
            "emits": json.dumps(kind.emits)}  # fmt: skip


def body_of(data: Any) -> str:
    """Plain data as versions keep it; keys keep their order, which a person chose."""
    return json.dumps(data, ensure_ascii=False)


def save(change: Change, pack: Pack, text: str) -> None:
    """Everything a pack brings; what is the same stays untouched, what is new in triggers and workflows is a version."""
    for activity in pack.activities.values():
        _save_kind(change, pack.name, "activity", activity)
    for record in pack.records.values():
        _save_kind(change, pack.name, "record", record)
    for order, one in enumerate(pack.partner.values()):
        _save_field(change, ("partner", "", one.name), one.shown, _stored(one.type), order)
    for fact in pack.facts.values():
        _save(change, "facts", fact.name, {"body": fact.value, "sentence": fact.sentence}, pack.name)
    for template in pack.templates.values():
        texts.save(change, template, pack.name)
    for flow in pack.workflows.values():
        workflow_version(change, flow.name, flow.title, body_of(flow.to_data()), pack.name)
        retitle(change, flow.name, flow.title)
    for trigger in pack.triggers.values():
        trigger_version(change, trigger, pack.name)
    _take_over(change, pack)
    for policy in pack.policies.values():
        policies.save(change, policy)
    for key, value in pack.settings.items():
        change.conn.execute(
            "INSERT INTO settings(key, value, change_id) VALUES (?,?,?) ON CONFLICT (key) DO NOTHING",
            (key, str(value), change.id),
        )
    _save(change, "packs", pack.name, {"title": pack.title, "kind": pack.kind, "body": text}, None)


def _take_over(change: Change, pack: Pack) -> None:
    """What a pack brings in the place of another's is its own from now on."""
    for table, mine in (("triggers", pack.triggers), ("workflows", pack.workflows), ("templates", pack.templates)):
        for name in mine if pack.supersedes else ():
            change.conn.execute(
                f"UPDATE {table} SET pack = ? WHERE name = ? AND pack IN (SELECT value FROM json_each(?))",
                (pack.name, name, json.dumps(pack.supersedes)),
            )


def retitle(change: Change, workflow: str, title: str) -> None:
    """Give a workflow the title of its newest version."""
    change.conn.execute(
        "UPDATE workflows SET title = :title WHERE name = :name AND title != :title", {"title": title, "name": workflow}
    )


def _save(change: Change, table: str, name: str, values: Mapping[str, Any], pack: str | None) -> None:
    """A row by its name: new, or with what is new in it; whose it is stays."""
    row = change.conn.execute(f"SELECT id FROM {table} WHERE name = ?", (name,)).fetchone()
    if row is None:
        insert(change, table, {"name": name, **values, **({"pack": pack} if pack else {})})
    else:
        update(change, table, row[0], values)


def _save_kind(change: Change, pack: str, table: str, kind: ActivityKind | RecordKind) -> None:
    row = change.conn.execute("SELECT id, pack FROM kinds WHERE tbl = ? AND name = ?", (table, kind.name)).fetchone()
    if row is None:
        insert(change, "kinds", {"tbl": table, "name": kind.name, **_columns(kind), "pack": pack})
    elif row[1] in (None, pack):
        update(change, "kinds", row[0], {**_columns(kind), "pack": pack})
    for order, (key, type_) in enumerate(kind.fields.items()):
        _save_field(change, (table, kind.name, key), key.replace("_", " ").capitalize(), _stored(type_), order)


def _save_field(change: Change, field: tuple[str, str, str], label: str, type_: str, order: int) -> None:
    row = change.conn.execute("SELECT id FROM fields WHERE tbl = ? AND kind = ? AND key = ?", field).fetchone()
    if row is None:
        values = dict(zip(("tbl", "kind", "key"), field, strict=True))
        insert(change, "fields", {**values, "label": label, "type": type_, "ord": order})
    else:
        update(change, "fields", row[0], {"type": type_})


def trigger_version(change: Change, trigger: Trigger, pack: str | None) -> int:
    """The version of a trigger with this body: the newest where nothing is new, else a new one. New triggers are off."""
    conn, body = change.conn, body_of(trigger.to_data())
    row = conn.execute(
        "SELECT t.id, v.id, v.body FROM triggers t LEFT JOIN trigger_versions v ON v.id = t.version_id WHERE t.name = ?",
        (trigger.name,),
    ).fetchone()
    if row and row[2] == body:
        return int(row[1])
    held = row[0] if row else insert(change, "triggers", {"name": trigger.name, "title": trigger.title, "pack": pack})
    (newest,) = conn.execute("SELECT coalesce(max(n), 0) FROM trigger_versions WHERE trigger_id = ?", (held,)).fetchone()  # fmt: skip
    version = insert(change, "trigger_versions", {"trigger_id": held, "n": newest + 1, "body": body})
    update(change, "triggers", held, {"version_id": version, "title": trigger.title})
    return version
