"""What others take for the same work; run in an environment of its own (.bench): python -m bench.rivals NAME.

Nothing of prm is imported here, and nothing here is imported by prm.
"""

from __future__ import annotations

import json
import random
import sys
import time


def rule_engine() -> float:
    """100,000 dictionaries with ready facts, one rule of four clauses; in seconds."""
    import rule_engine as package

    chance = random.Random(1)
    partners = [
        {"last_order": chance.randrange(400), "orders": chance.randrange(20), "amount": chance.random() * 20_000,
         "territory": chance.choice(("North", "South", "East", "West", "Centre"))}
        for _ in range(100_000)
    ]  # fmt: skip
    rule = package.Rule("last_order > 90 and orders >= 3 and amount > 5000 and territory == 'North'")
    begun = time.perf_counter()
    list(rule.filter(partners))
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(json.dumps({"seconds": {"rule-engine": rule_engine}[sys.argv[1]]()}))
