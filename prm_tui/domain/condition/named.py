"""Named facts: values and conditions that packs give a name, written out before anything else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any

from prm_tui.domain.condition.catalogue import Catalogue
from prm_tui.domain.condition.error import ConditionError
from prm_tui.domain.condition.parse import MAX_LEAVES, parse
from prm_tui.domain.condition.tree import Argument, Name, Node, walk


def expand(node: Node, catalogue: Catalogue, within: tuple[str, ...] = (), *, of_partner: bool = False) -> Node:
    """A tree with named facts replaced by what they stand for. Circles are refused.

    A named fact is the partner's. Where a condition is about something else (`of_partner`), its fields are written out
    as partner.FIELD, so that they never mean a field of the same name of that record or activity.
    """
    if isinstance(node, Name) and len(node.parts) == 1 and node.said in catalogue.named:
        name = node.said
        if name in within:
            raise ConditionError(f"“{name}” is defined by itself: {' → '.join((*within, name))}", node.at)
        try:
            inner = expand(parse(catalogue.named[name]), catalogue, (*within, name), of_partner=of_partner)
        except ConditionError as error:
            if within or error.at == node.at:
                raise
            raise ConditionError(f"in “{name}”: {error.problem}", node.at) from error
        if sum(1 for _ in walk(inner)) > 4 * MAX_LEAVES:
            raise ConditionError(f"“{name}” is too long when written out", node.at)
        return _moved(_of_partner(inner, catalogue) if of_partner else inner, node.at)
    changed: dict[str, Any] = {}
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, Node):
            changed[part.name] = expand(value, catalogue, within, of_partner=of_partner)
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            changed[part.name] = tuple(expand(item, catalogue, within, of_partner=of_partner) for item in value)
    return replace(node, **changed) if changed else node


def speaks_of(node: Node, catalogue: Catalogue, names: Collection[str]) -> bool:
    """Whether a tree as it was written speaks of one of some named facts, or of one that is made of them."""
    said = {part.said for part, _ in walk(node) if isinstance(part, Name) and len(part.parts) == 1} & set(
        catalogue.named
    )
    return any(name in names or speaks_of(parse(catalogue.named[name]), catalogue, names) for name in said)


def _of_partner(node: Node, catalogue: Catalogue) -> Node:
    """A tree whose fields of the partner say so; what stands in a `where` is about the rows it picks, and stays."""
    if isinstance(node, Name):
        named = len(node.parts) == 1 and node.said in catalogue.partner
        kind = node.said in catalogue.activities or node.said in catalogue.records
        return replace(node, parts=("partner", node.said)) if named and not kind else node
    if isinstance(node, Argument):
        return replace(node, value=_of_partner(node.value, catalogue))
    changed: dict[str, Any] = {}
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, Node):
            changed[part.name] = _of_partner(value, catalogue)
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            changed[part.name] = tuple(_of_partner(item, catalogue) for item in value)
    return replace(node, **changed) if changed else node


def _moved(node: Node, at: int) -> Node:
    """A tree all of whose parts stand where its name stood, so that faults point there."""
    changed: dict[str, Any] = {"at": at}
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, Node):
            changed[part.name] = _moved(value, at)
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            changed[part.name] = tuple(_moved(item, at) for item in value)
    return replace(node, **changed)
