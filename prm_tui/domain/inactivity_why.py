"""One sentence for each state of a partner that says why it is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prm_tui.domain.condition.catalogue import CLASSES

if TYPE_CHECKING:
    from prm_tui.domain.inactivity import PartnerState


def _ago(days: int | None) -> str:
    return "today" if not days else "1 day ago" if days == 1 else f"{days:,} days ago"


def _none(signal: str) -> str:
    if signal in CLASSES:
        return f"nothing {signal}"
    return "nothing" if signal == "any" else f"no {signal.replace('_', ' ')}"


def _active(row: PartnerState) -> str:
    if row.last is not None and row.exempt:
        return f"silence is no matter here: {row.exempt}; last active {row.last}"
    if row.last is None:
        return f"joined on {row.joined_on}, {_ago((row.as_of - (row.joined_on or row.as_of)).days)}; nothing yet"
    if row.awaits:
        return f"last active {row.last}, {_ago(row.silent)}; whether it slows down cannot be told: {row.awaits}"
    return f"last active {row.last}, {_ago(row.silent)}; {row.rhythm}"


def _slowing(row: PartnerState) -> str:
    chance, days = (row.policy.at_risk, row.risk) if row.key == "at_risk" else (row.policy.slowing, row.slow)
    if days >= row.policy.cap:
        return f"silent for {row.silent:,} days; {row.rhythm}: more than {row.policy.cap:,} days is long for anybody"
    whose = "the rhythm of its type" if row.every is None else "its own rhythm and that of its type"
    return (
        f"silent for {row.silent:,} days; {row.rhythm}: by {whose} no more than one silence in {1 / chance:.0f} is longer"
        f" than {days:,.0f} days"
    )


def _inactive(row: PartnerState) -> str:
    about = "about " if row.about else ""
    since = (
        f"since {about}{row.since}, {(row.as_of - row.since).days:,} days" if row.since else "for as long as is known"
    )
    last = f"last active {row.last}" if row.last else "never active"
    left = f"; not tracked, left out: {', '.join(row.left_out)}" if row.left_out else ""
    return f"{last}; inactive {since}, by “{row.policy.title}”: {row.policy.said}{left}"


def _never(row: PartnerState) -> str:
    if row.joined_on is None:
        return f"{_none(row.policy.signal)} so far; nobody has said when it joined"
    return f"{_none(row.policy.signal)} since it joined on {row.joined_on}, {_ago((row.as_of - row.joined_on).days)}"


def _unknown(row: PartnerState) -> str:
    last = f"last active {row.last}, as far as is known" if row.last else "nothing known of it"
    return f"{last}; cannot be told: {row.awaits or 'a value that the policy asks for is missing'}"


WHY = {
    "active": _active, "slowing": _slowing, "at_risk": _slowing, "inactive": _inactive, "dormant": _inactive,
    "never_activated": _never, "unknown": _unknown,
}  # fmt: skip
"""State → the sentence that says why a partner is in it."""
