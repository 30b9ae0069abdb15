"""A list of a workflow: whether what it lists, tests and shows means something in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prm_tui.domain.condition import Catalogue, ConditionError, Field, Kind
from prm_tui.domain.condition import check as check_condition
from prm_tui.domain.condition.catalogue import ACTIVITY_FIELDS, RECORD_FIELDS
from prm_tui.domain.condition.check import NUMERIC
from prm_tui.domain.fault import Fault, Key, wrong
from prm_tui.domain.step import List
from prm_tui.domain.text import nearest
from prm_tui.domain.trigger import Subject


def listed(key: Key, step: List, catalogue: Catalogue, about: Sequence[Kind | None]) -> Iterator[Fault]:
    """Every fault of a list; `about`: what the cases of its workflow are about (None: a partner)."""
    if step.what == "change":
        return
    subject = Subject.of(step.what)
    kinds = catalogue.activities if subject.table == "activity" else catalogue.records
    kind = kinds.get(subject.kind or "")
    if subject.kind and kind is None:
        yield Fault(
            (*key, "what"), f"there is no kind of {subject.table} “{subject.kind}”", nearest(subject.kind, kinds)
        )
        return
    tests = [(("when",), step.when, "yes/no")] if step.when else []
    shown = [(("columns", header), text, "any") for header, text in step.columns.items()]
    order = [(("largest",), step.largest, "any")] if step.largest else []
    for place, text, want in (*tests, *shown, *order):
        try:
            found = check_condition(text, catalogue, subject=kind, want=want)
        except ConditionError as error:
            yield wrong((*key, *place), error)
            continue
        if place == ("largest",) and found.type not in NUMERIC:
            yield Fault((*key, *place), f"a number is wanted here; this is {found.type}")
    for whose in (kind, *about):
        for name in step.same:
            fields = fields_of(catalogue, whose)
            if name not in fields:
                what = "partner" if whose is None else whose.label.lower()
                yield Fault((*key, "same"), f"a {what} has no field “{name}”", nearest(name, fields))


def fields_of(catalogue: Catalogue, kind: Kind | None) -> Mapping[str, Field]:
    """The fields of what is listed, or of what a case is about."""
    if kind is None:
        return catalogue.partner
    return {**(ACTIVITY_FIELDS if kind.table == "activity" else RECORD_FIELDS), **kind.fields}
