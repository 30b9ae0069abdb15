"""Whether the gates of a pack mean something in a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from prm_tui.domain.condition import Catalogue, ConditionError, check
from prm_tui.domain.fault import Fault, Key, wrong
from prm_tui.domain.gate import Gate
from prm_tui.domain.pack import Pack
from prm_tui.domain.template import TemplateError
from prm_tui.domain.template import parse as parse_template
from prm_tui.domain.text import nearest
from prm_tui.domain.workflow import PROGRAM


def gates(pack: Pack, catalogue: Catalogue, kinds: Collection[str]) -> Iterator[Fault]:
    """Every fault of the gates of a pack. `kinds` are the kinds of case there are."""
    for name, gate in pack.gates.items():
        yield from _gate(("gate", name), gate, catalogue, {*kinds, *PROGRAM})


def _gate(key: Key, gate: Gate, catalogue: Catalogue, kinds: Collection[str]) -> Iterator[Fault]:
    for n, kind in enumerate(gate.kinds):
        if kind not in kinds:
            yield Fault((*key, "kinds", n), f"there is no kind of case “{kind}”", nearest(kind, kinds))
    if not set(gate.kinds) <= set(PROGRAM) and gate.blocks != "approval":
        yield Fault((*key, "blocks"), f"only a deactivation has the stage {gate.blocks}; of other cases the approval can be blocked",
                    "approval")  # fmt: skip
    about = gate.about.kind
    if about and about not in catalogue.records:
        yield Fault((*key, "subject"), f"there is no kind of record “{about}”", nearest(about, catalogue.records))
        return
    yield from _means(key, "when", gate.when, gate, catalogue)
    try:
        names = parse_template(gate.detail or "").names
    except TemplateError as error:
        yield Fault((*key, "detail"), str(error).removeprefix("template, "))
        return
    for name in names:
        yield from _means(key, "detail", name, gate, catalogue)


def _means(key: Key, part: str, text: str, gate: Gate, catalogue: Catalogue) -> Iterator[Fault]:
    subject = catalogue.records.get(gate.about.kind or "")
    try:
        check(text, catalogue, subject=subject, want="yes/no" if part == "when" else "any", dates=gate.dates)
    except ConditionError as error:
        yield wrong((*key, part), error)
