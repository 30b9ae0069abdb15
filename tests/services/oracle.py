"""Both rules on the past, worked out partner by partner and day by day in plain Python: slow, and obviously right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

from storage import Store

Days = dict[int, list[date]]


def read(store: Store) -> tuple[Days, dict[int, str | None]]:
    """Partner → the days on which it ordered or was paid; partner → type."""
    days = defaultdict[int, set[date]](set)
    for partner, day in store.conn.execute(
        "SELECT partner_id, occurred_on FROM activities WHERE superseded_at IS NULL"
    ):
        days[partner].add(date.fromisoformat(day))
    return {p: sorted(d) for p, d in days.items()}, dict(store.conn.execute("SELECT id, type FROM partners"))


def priors(then: Days, types: dict[int, str | None]) -> dict[str | None, tuple[float, float]]:
    """Type → shape and rate fitted by moments to the rates of those active more than twice; None: of all together."""
    rates = defaultdict[str | None, list[float]](list)
    for partner, days in then.items():
        span = (days[-1] - days[0]).days
        if len(days) > 2 and span > 0:
            for group in {None, types[partner]}:
                rates[group].append((len(days) - 1) / span)
    made = {}
    for group, found in rates.items():
        if len(found) < (5 if group is None else 25):
            continue
        mean, square = sum(found) / len(found), sum(rate * rate for rate in found) / len(found)
        variance = max(square - mean * mean, 1e-4 * mean * mean)
        made[group] = (mean * mean / variance, mean / variance)
    made.setdefault(None, (1.0, 90.0))
    return made


def quality(
    whole: Days, types: dict[int, str | None], looks: Sequence[date], window: int, known_to: date
) -> tuple[dict[str, dict[str, Any]], list[tuple[float, bool]]]:
    """Rule → its numbers; and (how likely the silence was, whether it came back) of every judged case."""
    found = {rule: defaultdict[str, Any](int) for rule in ("fixed", "adaptive")}
    calibration: list[tuple[float, bool]] = []
    flagged: dict[str, dict[tuple[int, date], date]] = {"fixed": {}, "adaptive": {}}
    seen, before = set[tuple[int, date]](), dict[tuple[str, int], bool]()
    for look in looks:
        then = {p: [d for d in days if d <= look] for p, days in whole.items() if days[0] <= look}
        fitted = priors(then, types)
        for partner, days in then.items():
            silent, span = (look - days[-1]).days, (days[-1] - days[0]).days
            shape, rate = fitted.get(types[partner], fitted[None])
            p = ((rate + span) / (rate + span + silent)) ** (shape + len(days) - 1)
            flags = {"fixed": silent > 180, "adaptive": silent > 30 and (silent > 365 or p < 0.05)}
            came = any(look < d <= look + timedelta(days=window) for d in whole[partner])
            judged = look + timedelta(days=window) <= known_to
            slow = len(days) > 1 and span / (len(days) - 1) >= 90
            seen.add((partner, days[-1]))
            if judged:
                calibration.append((1.0 if silent <= 30 else 0.0 if silent > 365 else p, came))
            for rule, flag in flags.items():
                new = flag and not before.get((rule, partner), look == looks[0])
                before[rule, partner] = flag
                if flag:
                    flagged[rule].setdefault((partner, days[-1]), look)
                for name, holds in (
                    ("judged", True), ("flagged", flag), ("right", flag and not came), ("lost", not came), ("live", came),
                    ("slow", came and slow), ("slow_false", came and slow and flag), ("new", new), ("new_right", new and not came),
                ):  # fmt: skip
                    found[rule][name] += judged and holds
    losses = {
        (partner, last)
        for partner, last in seen
        if looks[0] <= last and last + timedelta(days=window) <= known_to
        and not any(last < d <= last + timedelta(days=window) for d in whole[partner])
    }  # fmt: skip
    for rule, numbers in found.items():
        days_to = [(on - last).days for (partner, last), on in flagged[rule].items() if (partner, last) in losses]
        numbers.update(losses=len(losses), found=len(days_to), days=median(days_to) if days_to else None)
    return dict[str, dict[str, Any]](found), calibration
