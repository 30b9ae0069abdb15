"""Only one thing of what an import brings: its questions, changed cells, new or refused rows."""

from __future__ import annotations

from prm_tui.domain.exchange import ImportReport, SheetReport

EVERYTHING = "everything"
WORDS = {
    EVERYTHING: "everything",
    "questions": "questions",
    "changed": "what changes",
    "new": "new rows",
    "refused": "refused rows",
}


def held(sheet: SheetReport, shown: str) -> int:
    """How much of one thing a sheet has to show; everything counts as one."""
    conflicts = sum(c.conflict for c in sheet.cells)
    return {
        "questions": len(sheet.doubts) + conflicts,
        "changed": len(sheet.cells) - conflicts or sheet.changed,
        "new": len(sheet.added),
        "refused": len(sheet.refused),
    }.get(shown, 1)


def there(report: ImportReport) -> list[str]:
    """What can be shown alone, everything first; that of which there is nothing is left out."""
    return [shown for shown in WORDS if any(held(s, shown) for s in report.sheets)]


def following(report: ImportReport, shown: str) -> str:
    """What is shown after this."""
    offered = there(report)
    return offered[(offered.index(shown) + 1) % len(offered)] if shown in offered else EVERYTHING


def said(report: ImportReport, shown: str) -> str:
    """What is shown, if not everything, and what / shows next; empty where there is nothing to choose from."""
    coming = following(report, shown)
    if shown == coming:
        return ""
    after = f"/ shows {'' if coming == EVERYTHING else 'only '}{WORDS[coming]}"
    return f"{after}." if shown == EVERYTHING else f"Only {WORDS[shown]}; {after}."
