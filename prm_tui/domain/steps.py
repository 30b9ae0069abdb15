"""Steps from tables and back, and what the fields of one step cannot be together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prm_tui.domain.fault import Fault, Key
from prm_tui.domain.shape import build, to_data
from prm_tui.domain.step import (
    KINDS,
    Accrue,
    Approve,
    Branch,
    List,
    Offer,
    Parallel,
    Record,
    Set,
    Step,
    Tag,
    Timed,
    Wait,
)
from prm_tui.domain.text import nearest

_FIRST = ("title", "owner", "by", "to", "template", "kind", "field")
"""What is written first, so that a step can be read."""
_NO_THEN = ("branch", "parallel", "end")


def from_data(data: Any, key: Key) -> tuple[Step | None, list[Fault]]:
    """A step from its table, or every fault in it."""
    if not isinstance(data, Mapping):
        return None, [Fault(key, "a step is a table")]
    do = data.get("do")
    if do not in KINDS:
        said = "“do” is missing" if do is None else f"a step cannot do “{do}”"
        like = nearest(do, KINDS) if isinstance(do, str) else None
        return None, [Fault((*key, "do") if "do" in data else key, f"{said}; known are {', '.join(KINDS)}", like)]
    made, faults = build(KINDS[do], {k: v for k, v in data.items() if k != "do"}, key)
    if made is not None:
        faults = [Fault((*key, *fault.key), fault.problem, fault.instead) for fault in _odd(made)]
    return (None, faults) if faults else (made, [])


def step_data(step: Step) -> dict[str, Any]:
    """A step as it would be written: id, do, and what has not its default."""
    rest = to_data(step, leave=("id",))
    keys = sorted(rest, key=lambda key: (key == "then", _FIRST.index(key) if key in _FIRST else len(_FIRST)))
    return {"id": step.id, "do": step.do, **{key: rest[key] for key in keys}}


def _odd(step: Step) -> list[Fault]:
    """What its fields cannot be together."""
    faults = [Fault(("id",), "a step cannot be called end: that is where a case stops")] if step.id == "end" else []
    if step.then is not None and step.do in _NO_THEN:
        faults.append(Fault(("then",), f"a step that does {step.do} has no “then”"))
    match step:
        case Approve():
            faults += _odd_approve(step)
        case Branch() if not step.cases:
            faults.append(Fault(("cases",), "a branch needs at least one case: { when = …, then = … }"))
        case Branch():
            for n, case in enumerate(step.cases):
                if not (case.when or case.elsewhere):
                    faults.append(Fault(("cases", n), "a case of a branch needs “when” or “elsewhere”"))
        case Parallel() if len(set(step.branches)) < 2:
            faults.append(Fault(("branches",), "going parallel needs two branches or more, each once"))
        case Wait() if not (step.for_ or step.ends_early):
            faults.append(Fault((), "it waits for nothing: give for, until or activity"))
        case Wait() if step.timeout and not (step.for_ and step.ends_early):
            faults.append(
                Fault(("timeout",), "there is a timeout only where “for” stands beside “until” or “activity”")
            )
        case Set() if sum(part is not None for part in (step.value, step.expression, step.within)) != 1:
            faults.append(Fault((), "give either value (written down) or expression (computed), or within (a date)"))
        case Record():
            for part in ("at_least", "round_up"):
                apart = [key for key in getattr(step, part) if key not in step.computed]
                faults += [
                    Fault((part, key), f"“{key}” is not computed: only what is computed can be rounded")
                    for key in apart
                ]
        case Tag() if not (step.add or step.remove):
            faults.append(Fault((), "it changes no tag: give add or remove"))
        case Accrue():
            faults += _odd_accrue(step)
        case List() if (step.what == "change") == bool(step.columns):
            faults.append(
                Fault(
                    (),
                    "what was changed has columns of its own"
                    if step.columns
                    else "give columns: header → what stands below it",
                )
            )
        case List() if step.what == "change" and (step.when or step.same or step.largest):
            faults.append(Fault((), "of what was changed all is listed: when, same and largest have no place here"))
        case Offer() if step.into and step.share == "all":
            faults.append(Fault(("into",), "it goes to all who may have it; “into” names one"))
        case Offer() if not step.eligible and (step.weight or step.share != "one" or step.nobody or step.into):
            faults.append(Fault((), "weight, share, nobody and into speak of those who are eligible: give eligible"))
    if isinstance(step, Timed) and not step.within and (step.escalate or step.pause):
        faults.append(Fault((), "without “within” there is no time that could run out: escalate and pause need it"))
    return faults


def _odd_approve(step: Approve) -> list[Fault]:
    if not step.asked:
        key = "of" if step.rule in ("first of", "all of") else "by"
        return [Fault((), f"nobody is asked to approve: give {key}, for example {key} = " + (
            '["role:finance", "role:legal"]' if key == "of" else '"role:finance"'))]  # fmt: skip
    if step.choices and (step.then or step.reject != "end"):
        return [Fault(("choices",), "choices name every way on; “then” and “reject” have no place beside them")]
    return []


def _odd_accrue(step: Accrue) -> list[Fault]:
    if step.reverse:
        return []
    if (step.amount is not None) == (step.rate is not None and step.basis is not None):
        return [Fault((), "give either amount, or rate and basis")]
    if step.amount is not None and (step.rate is not None or step.basis is not None):
        return [Fault((), "rate and basis have no place beside amount")]
    return []
