"""Whether an inactivity policy means something in a file, beside its conditions."""

from __future__ import annotations

from collections.abc import Iterator

from prm_tui.domain.condition.catalogue import CLASSES, Catalogue
from prm_tui.domain.fault import Fault, Key
from prm_tui.domain.inactivity import Policy
from prm_tui.domain.text import nearest

GIVEN = ("inactive", "never_activated")
"""Named facts that come from policies."""


def faults(key: Key, policy: Policy, known: Catalogue) -> Iterator[Fault]:
    """A signal that is none, and a policy that asks for what policies say."""
    signals = [*known.activities, *CLASSES, "any"]
    if policy.signal not in signals:
        problem = f"there is no kind or class of activity “{policy.signal}”"
        yield Fault((*key, "signal"), problem, nearest(policy.signal, signals))
    words = {word for text in (policy.when, *policy.exempt.values()) for word in text.split()}
    for name in GIVEN:
        if name in words:
            yield Fault((*key, "when"), f"“{name}” is what the policies say; a policy cannot ask for it")
