"""What the services say names the ways of the command line; here the same is said with the keys of the interface."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prm_tui import log

if TYPE_CHECKING:
    from prm_tui.app import PrmApp

WAYS = (
    # deactivation: dates and path
    (r"Give --effective DATE, or take (\S+) by the notice table \((.+?)\) with --notice \S+ \(prm cases notice-table shows the lines\)",
     r"Give an effective date, or choose a line of the notice table: \1 by “\2”"),
    (r": --path (?:mutual|convenience)\b", ": 1 Why, Path"),
    (r"Was it rejected\? prm cases dates \d+ --effective DATE asks again, prm cases withdraw takes the notice back",
     "Was it rejected? a on its page asks again (put the end off), or withdraws the notice"),
    (r"give the trigger hold_out = 0\.2",
     "write its trigger to a file (3, then a), add hold_out = 0.2 there, and read it in again (n)"),
    (r"(?<=: )(?:effective|notice)_on: ", ""),
    (r"says nothing of ([a-z]+)_([a-z]+)", r"says nothing of \1 \2"),
    # acts of a case
    (r"obligation \d+ “", "“"),
    (r" \(--reason-confirmed\)", ""),
    (r"let them go with a reason: prm cases close \d+ … --waive REASON", "say in “Let go” why they are let go."),
    (r"Earlier only with a reason for it: prm reactivate \S+ --reason … --override REASON",
     "Earlier only with a reason for it: say it in “Before its day”."),
    (r": prm cases complete \d+, or prm cases withdraw \d+", ": a on its page makes it effective, or withdraws it"),
    (r"stands in: prm inbox, then prm cases close \d+", "stands in its steps; then a closes it"),
    (r"planned until service is recorded: prm cases serve\.", "planned until service is recorded: a on the page of the case."),
    (r": prm cases serve \d+", ": a on its page records it"),
    (r" Prove it, or waive it with a reason: prm obligations waive \d+ --reason T", " Say that it is met, or let it go: enter."),
    (r"name a file \(--proof FILE\) or say in a sentence how it was met \(--note T\)",
     "name a file, or say in a sentence how it was met"),
    (r"is proven, not only done: prm obligations prove .*$", "is proven, not only done: enter says how."),
    (r"counts with a signed answer only: --evidence FILE", "counts with a signed answer only: say in which file it is."),
    (r": say which: --choice (.+)$", r": say which: \1"),
    (r" lets it pass: prm cases pass \d+ .*? --reason …", " lets it pass, in Gates."),
    (r"more: prm cases gates \d+", "more, in Gates"),
    (r"See: prm letters \d+", "Letters lists those it needs."),
    (r"None is written: prm letters CASE --kind KIND", "None is written yet: enter on a letter writes it"),
    (r": prm letters (?:CASE|\d+) --kind KIND(?: --text FILE --letterhead FILE\.docx)?", ": Letters on the page of its case"),
    (r"\(say it: --field (\w+)=TEXT\)", r"(no letter of the interface asks for it: give the text another field than “\1”)"),
    (r"Bring them first: prm import FILE --as SHEET=record:customer",
     "Bring a sheet of them (i), or add a record on the partner's page."),
    (r"name it: --line REF", "wait for that day."),
    # who acts
    (r"choose a person \(p\), or --actor NAME\. Add one: prm people add NAME", "choose a person (p), or add one there."),
    (r"choose a person \(p\), or --actor NAME\.", "choose a person (p)."),
    (r"Say who you are: --actor NAME\.", "Say who you are: p."),
    (r"Tell the file: prm settings persons 1", "Tell the file: , (comma), then how many persons stand behind it."),
    (r"(them|somebody|one): prm people add .*$", r"\1: p, then “Someone else”."),
    (r" Leave --as-of away\.", " Open the file without another day."),
    # partners
    (r"See: prm cases list --partner \S+", "Its cases stand on its page."),
    (r"Lift it first: prm hold \S+ --lift --reason …", "Lift it first: a on its page."),
    (r"If that is meant, say it twice: --until \S+ --until \S+", "Choose a day within a year."),
    (r"is opened by a person: prm deactivate (\S+)", r"is opened by a person: 2, then a on partner \1"),
    # other rooms
    (r"See: prm cases show (\d+)", r"4 shows case \1."),
    (r"(?:See: )?prm cases list", "4 lists them."),
    (r"(?:See: )?prm inbox", "1 shows it"),
    (r"Add (it|that first|it first): prm packs add (\S+)", r"Add \1: 3, then n, the pack \2"),
    (r"There are none yet: prm packs list, prm packs add NAME", "There are none yet: 3, then n"),
    (r"Complete it first: prm outbox edit \d+, or refill \d+", "Complete it first: e, or fill it again: A"),
    (r"Look again: prm outbox list", "Look again."),
    (r"No system is described\. Add one: prm systems add .*$",
     "No system is described yet; that is done from the command line: prm systems add"),
    (r"See: prm systems list, prm systems check", "Systems, on the page of a case, lists them."),
    (r" Choose --from and --to", " It can be told when more of the past was read in: i"),
    (r" \(tail_days\)", ""),
)  # fmt: skip
_FOUND = tuple((re.compile(pattern), said) for pattern, said in WAYS)


def by_keys(said: str) -> str:
    """A message of a service as it is said where keys do what commands do elsewhere."""
    for pattern, instead in _FOUND:
        said = pattern.sub(instead, said)
    return said


def tell(app: PrmApp, said: str, *, bad: bool) -> None:
    """Notify, and keep what was said. What still stands on the screen is not put there a second time."""
    said = by_keys(said)
    stands = any(one.message == said for one in app._notifications)
    if stands and bad:
        return
    app.session.said.append((said, bad))
    log.write(said, bad=bad)
    if not stands:
        app.notify(said, severity="error" if bad else "information", timeout=600 if bad else 4, markup=False)
