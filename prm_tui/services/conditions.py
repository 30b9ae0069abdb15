"""Conditions: checked against a file, put in words, explained for one partner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from prm_tui.domain import condition as language
from prm_tui.domain.condition import FACTS, Catalogue, Completion, Leaf
from prm_tui.domain.condition.arriving import signals
from prm_tui.domain.condition.catalogue import ACTIVITY_FIELDS, RECORD_FIELDS
from prm_tui.domain.condition.check import Checked
from prm_tui.domain.condition.named import speaks_of
from prm_tui.domain.condition.tree import And
from prm_tui.domain.coverage import RECORDED, STRICT, Covered
from prm_tui.domain.inactivity import BY_POLICY
from prm_tui.domain.trigger import Subject
from storage import Store, activities, explain
from storage import coverage as stored_coverage
from storage.catalogue import catalogue as read_catalogue
from storage.conditions import compiled as compile_sql
from storage.partners import Where


@dataclass(frozen=True)
class FactValue:
    """A fact of the language, as a partner has it."""

    text: str
    value: Any
    about: str


def catalogue(store: Store) -> Catalogue:
    """The kinds, fields and named facts a condition may speak of in this file."""
    with store.reading() as conn:
        return read_catalogue(conn)


def catalogue_about(store: Store, subject: Subject) -> Catalogue:
    """As `catalogue`, with the fields of what a trigger looks at under the name subject.FIELD; for completion."""
    known = catalogue(store)
    kinds, own = {"record": (known.records, RECORD_FIELDS), "activity": (known.activities, ACTIVITY_FIELDS)}.get(
        subject.table, ({}, {})
    )
    kind = kinds.get(subject.kind or "")
    fields = {**own, **kind.fields} if kind else {}
    return replace(known, partner={**{f"subject.{key}": one for key, one in fields.items()}, **known.partner})


def check(store: Store, text: str) -> Checked:
    """A condition about partners that means something in this file. ConditionError otherwise."""
    return language.check(text, catalogue(store))


def compiled(store: Store, text: str, as_of: date, coverage: str | None = None) -> Where:
    """A condition as SQL over partners, for a date. ConditionError when it cannot be understood.

    `coverage`: as recorded, or strict: what facts still to arrive could turn is unknown. Not said: as recorded, but
    strict where it speaks of what a policy says (inactive, never_activated), so that no list calls a partner inactive
    of which `prm inactive` says that it cannot be told.
    """
    checked = check(store, text)
    return compile_sql(checked, as_of, covered=_covered(store, text, checked, as_of, coverage))


def _covered(store: Store, text: str, checked: Checked, as_of: date, coverage: str | None) -> Covered | None:
    with store.reading() as conn:
        if coverage is None:
            coverage = STRICT if speaks_of(language.parse(text), read_catalogue(conn), BY_POLICY) else RECORDED
        return stored_coverage.covered(conn, checked, as_of) if coverage == STRICT else None


def untracked(store: Store, text: str) -> tuple[str, ...]:
    """The kinds of activity a condition speaks of of which the file is never told: no feed, and nothing logged."""
    checked = check(store, text)
    with store.reading() as conn:
        return stored_coverage.untracked(conn, checked)


def reading(store: Store, text: str) -> str:
    """The condition in plain words. ConditionError when it cannot be understood."""
    return language.reading(check(store, text).node)


def reading_of(text: str) -> str:
    """A condition in plain words, whatever it is about. ConditionError when it cannot be read."""
    return language.reading(language.parse(text))


def parts(text: str) -> list[str]:
    """The parts of a condition that all have to hold, as they are written; none where it is one alone."""
    node = language.parse(text)
    return [language.show(part) for part in node.parts] if isinstance(node, And) else []


def with_part(text: str, n: int | None, said: str) -> str:
    """A condition with another text in the place of its n-th part, "" for none; without a place, one part more.

    ConditionError where a text cannot be read.
    """
    node = language.parse(text) if text else None
    there = list(node.parts) if isinstance(node, And) else [node] if node is not None else []
    new = [language.parse(said)] if said.strip() else []
    there = [*there, *new] if n is None else [*there[:n], *new, *there[n + 1 :]]
    flat = [one for part in there for one in (part.parts if isinstance(part, And) else (part,))]
    return language.show(And(tuple(flat))) if len(flat) > 1 else language.show(flat[0]) if flat else ""


def signal(store: Store, text: str) -> str | None:
    """The first kind of activity a condition speaks of. ConditionError when it cannot be understood."""
    checked = check(store, text)
    found = signals(checked.node, checked.scope)
    return found[0] if found else None


def complete(known: Catalogue, text: str, cursor: int) -> list[Completion]:
    """What may be typed next."""
    return language.complete(text, cursor, known)


def why(store: Store, partner_id: int, text: str, as_of: date, coverage: str | None = None) -> Leaf:
    """A condition explained for one partner, leaf by leaf; `coverage` as in compiled."""
    with store.reading() as conn:
        checked = language.check(text, read_catalogue(conn))
        return explain.explain(conn, checked, partner_id, as_of, _covered(store, text, checked, as_of, coverage))


def facts_of(store: Store, partner_id: int, as_of: date) -> list[FactValue]:
    """The facts of a partner that say something for every kind of activity it has, and its 12-month figures."""
    return facts_of_many(store, [partner_id], as_of)[partner_id]


def facts_of_many(store: Store, partner_ids: Sequence[int], as_of: date) -> dict[int, list[FactValue]]:
    """As `facts_of`, partner by partner, in few statements."""
    abouts = {fact.name: fact.about for fact in FACTS}
    with store.reading() as conn:
        known = read_catalogue(conn)
        kinds = activities.kinds_of(conn, partner_ids, as_of)
        wanted = {partner: _forms([k for k in held if k in known.activities]) for partner, held in kinds.items()}
        named = dict.fromkeys(form for forms in wanted.values() for form in forms)
        every = {form: language.check(form, known, want="any") for form in named}
        found = explain.values(conn, every, partner_ids, as_of)
    return {
        partner: [FactValue(form, found[partner][form], abouts[form.partition("(")[0]]) for form in forms]
        for partner, forms in wanted.items()
    }


def _forms(kinds: Sequence[str]) -> list[str]:
    forms = ["days_since(any)"]
    for kind in kinds:
        forms += [f"last({kind})", f"days_since({kind})", f"count({kind}, 90)", f"count({kind}, 365)"]
        forms += [f"sum({kind}.amount, 365)", f"change(sum({kind}.amount, 90))"]
    return forms
