"""Writes docs/reference from the program itself: make docs. A test fails when a page is out of date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from prm_tui.cli.parser import parser
from prm_tui.commands import COMMANDS, PLACES, key_name
from prm_tui.domain.condition import FACTS
from prm_tui.domain.condition.catalogue import CLASSES
from prm_tui.domain.condition.parse import MAX_DEPTH, MAX_LEAVES
from prm_tui.domain.condition.tokens import MAX_TEXT
from prm_tui.domain.condition.windows import NAMES

OUT = Path(__file__).parent / "reference"
MADE = "<!-- Made by `make docs` from the program. Do not edit. -->\n\n"

GRAMMAR = """expr := or ; or := and ("or" and)* ; and := not ("and" not)* ; not := "not" not | test
test := sum [ ("=" | "!=" | "<" | "<=" | ">" | ">=") sum | ["not"] "in" "(" sum, … ")" | "between" sum "and" sum
            | "contains" sum | "is" ["not"] ("empty" | "known") | "changed" ["from" sum] ["to" sum] ]
sum  := term (("+" | "-") term)* ; term := unary (("*" | "/") unary)* ; unary := "-" unary | atom
atom := literal | name ("." name)* | name "(" arg, … ")" | "(" expr ")"
arg  := expr | selector ["where" expr]
literal := 'text' | "text" | 1_000.5 | 95% | 2026-01-31 | true | false"""


def pages() -> dict[str, str]:
    """Every page: file name → text."""
    return {"commands.md": _commands(), "keys.md": _keys(), "facts.md": _facts(), "conditions.md": _conditions()}


def _commands() -> str:
    whole = parser()
    chosen = next(a for a in whole._actions if isinstance(a, argparse._SubParsersAction))
    parts = [f"{MADE}# Commands\n\n`prm` without a command opens the interface. Every command also takes `--db FILE`, "
             "`--as-of DATE` and `--actor NAME`.\n"]  # fmt: skip
    for name, command in chosen.choices.items():
        parts.append(f"\n## prm {name}\n\n{command.description}\n\n```\n{_usage(command)}```\n")
        rows = [a for a in command._actions if a.help and a.dest not in ("help", "db", "as_of", "actor")]
        for action in rows:
            said = ", ".join(action.option_strings) or str(action.metavar or action.dest)
            parts.append(f"- `{said}`: {action.help}\n")
    return "".join(parts)


def _usage(command: argparse.ArgumentParser) -> str:
    """One line, the same whatever Python formats usages like."""
    names = [str(a.metavar or "|".join(a.choices or [a.dest])) for a in command._actions if not a.option_strings]
    return " ".join([command.prog, "[options]", *names]) + "\n"


def _keys() -> str:
    parts = [
        f'{MADE}# Keys\n\nAny of them can be changed in `prm.toml` (see `prm where`): `[keys]`, then `"partners.filter" = "f"`.\n'
    ]
    for place, title in PLACES.items():
        found = [c for c in COMMANDS if c.where == place]
        if not found:
            continue
        parts.append(f"\n## {title}\n\n| key | does | id |\n|---|---|---|\n")
        for c in found:
            keys = " ".join(f"`{key_name(k)}`" for k in c.keys.split(","))
            parts.append(f"| {keys} | {c.about} | {c.id} |\n")
    return "".join(parts)


def _facts() -> str:
    parts = [f"{MADE}# Facts\n\nWhat conditions can ask of a partner. `what` is a kind of activity or record, `case`, `tag`, one of "
             f"{', '.join(CLASSES)}, or `any`, narrowed by `where`. A window is a number of days, or {', '.join(NAMES)}.\n"]  # fmt: skip
    for fact in FACTS:
        parts.append(f"\n## {fact.form}\n\nGives {fact.gives}. {fact.about}\n\n    {fact.example}\n")
    return "".join(parts)


def _conditions() -> str:
    return f"""{MADE}# The condition language

One line asks who: in the filter line, in `prm partners --where`, in `prm explain`.

    days_since(order) > 100 and tier in ('Gold', 'Silver')
    count(deal_registered, 180) = 0 and sum(order.amount, 365) >= 10_000
    silent(commercial, 180) and not (territory = 'EMEA' or manager is empty)

Fields of the partner stand by their names; a custom field by its key, or as `custom.key`. Facts stand in [facts.md](facts.md).
In a condition about a record or an activity, bare names are its fields, `partner.tier` those of its partner. Inside of a `where`
they are the fields of the rows picked there, and `subject.` says what is meant of the one the condition is about:
`has(licence where sku = subject.sku and ends_on > subject.ends_on)`.
Text is compared without regard to the case of A to Z. Keywords may be written in any case.

**Empty and unknown.** A field without a value is *empty*: it equals nothing that is written down, `!=` is met, `is empty` asks.
In `<`, `>`, `between` and sums it is *unknown*. A fact that cannot be told is unknown: `days_since(order) > 90` is unknown for a
partner that never ordered, which is counted apart and never listed as a match. `and`, `or` and `not` follow that (Kleene's logic);
`is known` asks.

**Windows.** `90` are the facts with `days_since` from 0 to 90, so that `count(x, N) = 0` is met exactly when `never(x)` or
`days_since(x) > N`. What is dated after the day of evaluation does not exist.

**Money.** Amounts in several currencies are not added up: such a sum is unknown.

**Limits.** {MAX_TEXT:,} characters, {MAX_DEPTH} levels, {MAX_LEAVES} names and values.

## Grammar

```
{GRAMMAR}
```
"""


def main() -> int:
    """Write all pages."""
    OUT.mkdir(exist_ok=True)
    for name, text in pages().items():
        (OUT / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
