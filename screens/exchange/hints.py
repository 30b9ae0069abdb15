"""What stands around the table of the import wizard: its title, what can be done, and the keys for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.commands import Command, commands
from screens.exchange import filters, merge, questions
from screens.text import plain

if TYPE_CHECKING:
    from screens.exchange.wizard import ImportScreen

KEYS = (
    ("import.pick", "import.next", "import.leave"),
    ("list.open", "import.take", "import.header", "import.next", "import.before", "import.leave"),
    ("list.open", "import.filter", "import.errors", "import.next", "import.before", "import.leave"),
    ("import.errors", "import.filter", "import.leave"),
)
MERGE_KEYS = ("import.take", "import.keep", *KEYS[2][1:])


def keys(wizard: ImportScreen) -> list[Command]:
    """The commands of the step one is at."""
    known = {c.id: c for where in ("list", "import") for c in commands(where)}
    wanted = MERGE_KEYS if wizard.merging and wizard.at == 2 else KEYS[wizard.at]
    refused = wizard.report is not None and wizard.report.refused()
    shown = [known[name] for name in wanted if refused or name != "import.errors"]
    if wizard.at == 1:
        shown = [replace(c, title="take as") if c.id == "import.take" else c for c in shown]
    return shown + [c for c in commands("everywhere") if c.foot]


def title(wizard: ImportScreen) -> str:
    """What the files bring, or brought; empty before that is known."""
    report, reading = wizard.report, wizard.reading
    if wizard.at < 2 or report is None or reading is None:
        return ""
    files = ", ".join(p.name for p in reading.paths)
    if wizard.merging:
        said = merge.title(report, files, wizard.sender, wizard.choices)
    else:
        counts = [(sum(s.new for s in report.sheets), "new"), (sum(s.changed for s in report.sheets), "changed")]
        counts += [(sum(s.same for s in report.sheets), "the same"), (len(report.refused()), "refused")]
        said = f"{files}: " + ", ".join(f"{count:,} {what}" for count, what in counts if count)
    return f"Taken as change {report.change}. {said}" if wizard.at == 3 else said


def hint(wizard: ImportScreen) -> Content:
    """What can be done at this step, what is open first."""
    if wizard.at == 0:
        return wizard.said or Content("")
    if wizard.at == 1:
        return Content("\n").join(_before(wizard))
    return Content("\n").join(_outcome(wizard) if wizard.at == 2 else _after(wizard))


def _before(wizard: ImportScreen) -> list[Content]:
    asked = len(wizard.reading.questions) if wizard.reading is not None else 0
    said = [_open(asked, "enter on a question answers it")] if asked else []
    return [
        *said,
        Content("enter opens a sheet or changes a column; t says what a sheet is."),
        Content("H shows its first rows, to take another header. > shows what would change."),
    ]


def _outcome(wizard: ImportScreen) -> list[Content]:
    asked = questions.still_open(wizard.report, wizard.choices)
    if wizard.report is not None and wizard.report.nothing_new and not asked:
        return [plain("Everything in it is here already: there is nothing to take.", "good")]
    merging = wizard.merging
    how = "enter on a question answers it" + ("; t lets theirs count, k ours" if merging else "")
    only = filters.said(wizard.report, wizard.shown) if wizard.report is not None else ""
    takes = "> takes it, as one change that u takes back."
    rest = [f"{only} > takes it."] if merging else [f"enter opens a sheet to what is behind it. {only}", takes]
    return [*([_open(asked, how)] if asked else []), *map(Content, rest), *_effects(wizard)]


def _after(wizard: ImportScreen) -> list[Content]:
    refused = len(wizard.report.refused()) if wizard.report is not None else 0
    many = "1 row was" if refused == 1 else f"{refused:,} rows were"
    back = plain(f"{many} refused: r writes them to a workbook, to correct them and read it in again.", "warn")
    return [*([back] if refused else []), Content("esc leaves. u takes the import back."), *_effects(wizard)]


def _effects(wizard: ImportScreen) -> list[Content]:
    """What automation makes of it, in one line."""
    effects = wizard.report.effects if wizard.report is not None else None
    if effects is None or effects.quiet:
        return []
    said = " ".join(effects.lines())
    return [plain(f"{'Automation' if wizard.at == 3 else 'Automation would then'}: {said}", "accent")]


def _open(count: int, how: str) -> Content:
    return plain(f"{count:,} open: {how}.", "warn")
