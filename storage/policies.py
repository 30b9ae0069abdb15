"""Inactivity policies in the file, every version of each, and the named facts that conditions get from them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from prm_tui.domain.inactivity import Policy
from prm_tui.domain.shape import build, to_data
from storage.cases import insert
from storage.store import Change

KIND = "inactivity"


def policies(conn: sqlite3.Connection) -> list[tuple[Policy, int]]:
    """Every version of every policy, in the order in which they came, with its number."""
    found = []
    for name, version, body in conn.execute(
        "SELECT name, version, body FROM policies WHERE kind = ? ORDER BY id", (KIND,)
    ):
        policy, faults = build(Policy, json.loads(body), name=name)
        if policy is None:
            raise ValueError(f"policy {name}: {faults[0].said}")
        found.append((policy, version))
    return found


def save(change: Change, policy: Policy) -> int:
    """Keep a policy: the newest version where nothing is new in it, else a new one; its number."""
    body = json.dumps(to_data(policy, leave=("name",)), ensure_ascii=False)
    row = change.conn.execute(
        "SELECT version, body FROM policies WHERE kind = ? AND name = ? ORDER BY version DESC LIMIT 1",
        (KIND, policy.name),
    ).fetchone()
    if row and row[1] == body:
        return int(row[0])
    version = int(row[0]) + 1 if row else 1
    insert(
        change, "policies",
        {"kind": KIND, "name": policy.name, "partner_type": ", ".join(policy.types) or None, "body": body, "version": version,
         "effective_from": policy.effective},
    )  # fmt: skip
    return version


def facts(known: Iterable[Policy]) -> dict[str, str]:
    """Named facts that the policies give: `inactive`, and `never_activated` by the signal of the least special one."""
    listed = list(known)
    if not listed:
        return {}
    ordered = sorted({p.name: p for p in listed}.values(), key=lambda policy: policy.rank)
    whole, others = [], ""
    for last in ordered:
        mine = _whom(last)
        spans = _spans([p for p in listed if p.name == last.name])
        text = " or ".join(f"({span}({p.when}){_not_exempt(p)})" for span, p in spans)
        whole.append(f"({others}{mine + ' and ' if mine else ''}({text}))")
        others += f"not ({mine}) and " if mine else "false and "
    signal = ordered[-1].signal
    never = f"never({signal}) and (joined_on is empty or joined_on <= today - {ordered[-1].never_after})"
    return {"inactive": " or ".join(whole), "never_activated": never}


def _whom(policy: Policy) -> str:
    parts = [f"{key} in ({', '.join(map(_quoted, values))})" for key, values in (("type", policy.types), ("tier", policy.tiers))
             if values]  # fmt: skip
    return " and ".join(parts)


def _not_exempt(policy: Policy) -> str:
    return "".join(f" and not ({condition})" for condition in policy.exempt.values())


def _spans(versions: list[Policy]) -> list[tuple[str, Policy]]:
    """Each version with the test of the day on which it holds, written before its condition."""
    if len(versions) == 1 and versions[0].effective is None:
        return [("", versions[0])]
    begins = {p.effective or "": p for p in versions}  # the later of two of one day replaces the earlier
    days = sorted(begins)
    found = []
    for n, day in enumerate(days):
        tests = [f"today >= {day}"] if day else []
        tests += [f"today < {days[n + 1]}"] if n + 1 < len(days) else []
        found.append((" and ".join(tests) + " and " if tests else "", begins[day]))
    return found


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
