"""What may be typed next."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prm_tui.domain.condition.catalogue import CLASSES, FACTS, Catalogue
from prm_tui.domain.condition.windows import NAMES

_WORD = re.compile(r"[\w.]*$")
_CALL = re.compile(r"(\w+)\(([^()]*)$")
_FACTS = {fact.name for fact in FACTS}


@dataclass(frozen=True)
class Completion:
    """`text` replaces what was typed from `start` to the cursor; `about` is one line on it."""

    text: str
    start: int
    about: str


def complete(text: str, cursor: int, catalogue: Catalogue) -> list[Completion]:
    """What the word at the cursor may become, the likeliest first; nothing inside quotes."""
    before = text[:cursor]
    if before.count("'") % 2 or before.count('"') % 2:
        return []
    word = _WORD.search(before)
    typed = word.group().casefold() if word else ""
    if not typed:
        return []
    start = cursor - len(typed)
    return [Completion(name, start, about) for name, about in _candidates(before[:start], typed, catalogue)
            if name.startswith(typed) and name != typed]  # fmt: skip


def _candidates(before: str, typed: str, catalogue: Catalogue) -> list[tuple[str, str]]:
    kinds = {**catalogue.records, **catalogue.activities}
    head, dot, _ = typed.partition(".")
    if dot and head in kinds:
        own = {**kinds[head].fields, "amount": None, "quantity": None, "ends_on": None}
        return [(f"{head}.{key}", f"field of {kinds[head].label}") for key in own]
    call = _CALL.search(before)
    if call and call.group(1).casefold() in _FACTS:
        inside = call.group(2)
        if " where " in f"{inside} ":
            kind = kinds.get(inside.split()[0].casefold())
            return [(key, f.label) for key, f in (kind.fields if kind else {}).items()] + [("open", "in an open state")]
        if "," in inside:
            return [(name, "window") for name in NAMES]
        listed = [(name, kind.label) for name, kind in {**catalogue.activities, **catalogue.records}.items()]
        return [*listed, ("case", "cases"), ("tag", "tags"), *((c, "every kind of this class") for c in CLASSES),
                ("any", "any activity")]  # fmt: skip
    found = [(f"{fact.name}(", fact.about) for fact in FACTS if fact.name != "crosses"]
    found += [(key, f.label) for key, f in catalogue.partner.items()]
    found += [(name, text) for name, text in catalogue.named.items()]
    return found + [(word, "") for word in ("and", "or", "not", "in", "between", "contains", "is", "empty", "known")]
