"""Lists and offers of a workflow: whether what they list, show and write down means something in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prm_tui.domain.condition import Catalogue, ConditionError, Kind
from prm_tui.domain.condition import check as check_condition
from prm_tui.domain.condition.check import NUMERIC
from prm_tui.domain.fault import Fault, Key, wrong
from prm_tui.domain.step import List, Offer
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
        for n, name in enumerate(step.same):
            try:
                check_condition(name, catalogue, subject=whose, want="any")
            except ConditionError as error:
                yield wrong((*key, "same", n), error)


def into(key: Key, step: Offer, subject: Kind | None) -> Iterator[Fault]:
    """Whether what says who got an offer is a text of the record the case is about."""
    if step.into is None:
        return
    own = {} if subject is None or subject.table != "record" else subject.fields
    if step.into not in own:
        yield Fault(
            (*key, "into"), f"what the case is about has no field “{step.into}” of its own", nearest(step.into, own)
        )
    elif own[step.into].type != "text":
        yield Fault((*key, "into"), f"it takes who got the offer, as text; “{step.into}” is {own[step.into].type}")
