"""Named facts: values and conditions that packs give a name, written out before anything else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from prm_tui.domain.condition.catalogue import Catalogue
from prm_tui.domain.condition.error import ConditionError
from prm_tui.domain.condition.parse import MAX_LEAVES, parse
from prm_tui.domain.condition.tree import Name, Node, walk


def expand(node: Node, catalogue: Catalogue, within: tuple[str, ...] = ()) -> Node:
    """A tree with named facts replaced by what they stand for. Circles are refused."""
    if isinstance(node, Name) and len(node.parts) == 1 and node.said in catalogue.named:
        name = node.said
        if name in within:
            raise ConditionError(f"“{name}” is defined by itself: {' → '.join((*within, name))}", node.at)
        try:
            inner = expand(parse(catalogue.named[name]), catalogue, (*within, name))
        except ConditionError as error:
            if within or error.at == node.at:
                raise
            raise ConditionError(f"in “{name}”: {error.problem}", node.at) from error
        if sum(1 for _ in walk(inner)) > 4 * MAX_LEAVES:
            raise ConditionError(f"“{name}” is too long when written out", node.at)
        return _moved(inner, node.at)
    changed: dict[str, Any] = {}
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, Node):
            changed[part.name] = expand(value, catalogue, within)
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            changed[part.name] = tuple(expand(item, catalogue, within) for item in value)
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
