"""The condition language: parsed, checked, printed back, put in words. Compiled to SQL in storage/conditions.py."""

from prm_tui.domain.condition.catalogue import FACTS, Catalogue, Fact, Field, Kind
from prm_tui.domain.condition.check import Checked, check
from prm_tui.domain.condition.complete import Completion, complete
from prm_tui.domain.condition.error import ConditionError
from prm_tui.domain.condition.explanation import Evidence, Leaf
from prm_tui.domain.condition.parse import parse
from prm_tui.domain.condition.reading import reading
from prm_tui.domain.condition.show import show

__all__ = [
    "FACTS", "Catalogue", "Checked", "Completion", "ConditionError", "Evidence", "Fact", "Field", "Kind", "Leaf",
    "check", "complete", "parse", "reading", "show",
]  # fmt: skip
