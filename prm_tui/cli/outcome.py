"""What an import or a merge did, or would do, in lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prm_tui.cli.common import plain, say

if TYPE_CHECKING:
    from prm_tui.domain.exchange import ImportReport

LISTED = 200  # cells or rows of a sheet


def narrate(report: ImportReport, quiet: bool) -> None:
    """Counts, notes, questions and problems of each sheet; the counts to stdout unless `quiet`."""
    write = say if quiet else print
    for sheet in report.sheets:
        lines = f" ({sheet.lines:,} lines)" if sheet.plan.lines else ""
        said = f"{sheet.new:,} new{lines}, {sheet.changed:,} changed, {sheet.same:,} the same"
        for count, what in (
            (len(sheet.refused), "refused"),
            (sheet.conflicts, "changed on both sides"),
            (sheet.withdrawn, "withdrawn"),
            (sheet.missing, "of earlier sheets not in it"),
            (sheet.left, "left alone"),
            (sheet.partners_created, "new partners"),
        ):
            said += f", {count:,} {what}" if count else ""
        write(plain(f"{sheet.plan.sheet} as {sheet.plan.what}: {said}"))
        for note in [*sheet.plan.notes, *sheet.notes]:
            say(f"  {note}")
        for doubt in sheet.doubts:
            say(f"  ? {doubt.text}")
        for problem in sheet.problems():
            rows = ", ".join(f"{row:,}" for row in problem["rows"][:5])
            many = "1 row" if problem["count"] == 1 else f"{problem['count']:,} rows"
            more = " …" if problem["count"] > 5 else ""
            say(f"  {problem['column']}: {problem['problem']} ({many}: {rows}{more})")
    if report.effects is not None and not report.effects.quiet:
        say("Automation would then do this:" if report.dry_run else "Automation:")
        for line in report.effects.lines():
            say(f"  {line}")
    if report.dry_run:
        say("Nothing was changed (dry run).")
    elif report.change is None:
        say("The file holds all of it already; nothing was changed.")
    else:
        say(f"Change {report.change}. Take it back with: prm undo {report.change}")


def row_by_row(report: ImportReport) -> None:
    """Of a sheet that came back each cell (a conflict behind !) and each new row (behind +), to stderr."""
    for sheet in report.sheets:
        for cell in sheet.cells[:LISTED]:
            sign = "!" if cell.conflict else " "
            before = f"from “{cell.before}” " if cell.before else ""
            say(f"{sign} {cell.subject}: {cell.field} {before}to " + (f"“{cell.after}”" if cell.after else "empty"))
        for row in sheet.added[:LISTED]:
            say(f"+ {row.subject} (row {row.row:,}): {row.text}")
        if sheet.new > len(sheet.added[:LISTED]):
            say(f"+ and {sheet.new - len(sheet.added[:LISTED]):,} more")
