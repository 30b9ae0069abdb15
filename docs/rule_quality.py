"""Writes docs/rule-quality.md from two real histories: make docs. A test fails when it is out of date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from prm_tui.cli.insights_tables import calibration_rows, quality_rows
from prm_tui.domain.exchange import Choices
from prm_tui.domain.insights_rules import Rules
from prm_tui.services import demo, exchange, files, insights
from storage import Store

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "rule-quality.md"
VENDORS = ROOT / "tests" / "data" / "vendors"
HEAD = """# How good the rules are, on real histories

<!-- Made by `make docs` from the program. Do not edit. -->

Two rules say who went quiet: the policy in effect (here: nothing commercial for 180 days), and a silence too long for a
partner's own rhythm (likely in less than 5 of 100 times, never under 30 days, always over 365). Both are judged by the
same outcome, on the end of every month: did anything commercial come in the days after? A case is a partner at the end of
a month; it is judged only where the sheets cover those days. Each look uses what lies before it alone.

- *Precision*: of the cases flagged, those of which nothing came. *Recall*: of all cases of which nothing came, those that
  were flagged. A partner that is gone for good is a case every month: *new flags* count it once.
- *False alarms*: of the cases that came back, those that were flagged; beside that, of partners active once in 90 days or
  more seldom, who are wronged most easily.
- *Median days*: from the last activity to the first look that flagged it, of silences that began after the first look.
"""


def page() -> str:
    """The whole page."""
    with TemporaryDirectory() as folder:
        demo.build(Path(folder) / "demo.db")
        with Store.open(Path(folder) / "demo.db") as store:
            resellers = insights.rules(store, demo.AS_OF)
        with files.open_file(Path(folder) / "payments.db", create=True) as store:
            with exchange.read(store, sorted(VENDORS.glob("oxford-*.csv"))) as reading:
                exchange.commit(store, reading, Choices(currency="GBP"), actor=None, as_of=date(2018, 3, 31))
            payments = [insights.rules(store, date(2018, 3, 31), window=window) for window in (180, 28)]
    return "".join(
        [
            HEAD,
            _section(
                "AdventureWorks: 701 resellers, orders from 2010-12-29 to 2013-11-29", "prm demo, then: prm insights rules", resellers,
                "The resellers order once a quarter, some of them irregularly. The rule of their own rhythm is right more often and"
                " wrongs fewer, but waits longer here, since a silence of two quarters is not yet a surprise for them; the fixed rule finds"
                " the lost sooner. Quicker partners surprise sooner: one that ordered every week is flagged after 30 days. How likely a"
                " silence is does not say how likely a return is: 62 of 100 was foreseen where 91 came back. What is to be expected is"
                " therefore reckoned with the last column.",
            ),
            _section(
                "Oxford City Council: payments to 794 suppliers, July to September 2017 and January 2018",
                "prm import oxford-*.csv, then: prm insights rules --as-of 2018-03-31", payments[0],
                "Nothing can be judged: between the two sheets a quarter is missing, and no day has 180 known days after it. A count"
                " that took the missing quarter for silence would have called a third of the suppliers of July lost. The file of 2014 has"
                " no dates.",
            ),
            _section(
                "The same, with 28 days for the outcome", "prm insights rules --as-of 2018-03-31 --window 28", payments[1],
                "Two months can be looked at. The fixed rule cannot flag anybody yet; their own rhythm flags some, mostly rightly.",
            ),
        ]
    )  # fmt: skip


def _section(title: str, command: str, found: Rules, said: str) -> str:
    cases = (
        f"{found.looks} looks from {found.first} to {found.last}; {found.cases:,} cases, {found.open:,} of which cannot be judged."
        f" Known to {found.reach.to}."
    )
    gaps = "".join(f" {line[0].upper()}{line[1:]}." for line in found.reach.said())
    tables = "\n".join(_table(rows) for rows in (quality_rows(found), calibration_rows(found)))
    return f"\n## {title}\n\n`{command}`\n\n{cases}{gaps}\n\n{tables}\n{said}\n"


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---|" + "---:|" * (len(rows[0]) - 1), *lines[1:]]) + "\n"


if __name__ == "__main__":
    OUT.write_text(page(), encoding="utf-8")
