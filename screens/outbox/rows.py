"""Messages as lines of a table, as a page, and as one sentence for Today."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from prm_tui.domain.message import STATES, Message, MessageRow
from screens.text import hanging, plain, visible
from screens.widgets.table import Col, Line

COLUMNS = [
    Col("state", "State", 12), Col("partner", "Partner", 20), Col("to", "To", 18), Col("subject", "Subject", least=16),
]  # fmt: skip
_SHORT = {
    "returned": ("✗ came back", "bad"), "draft": ("◆ to approve", "warn"), "approved": ("✓ approved", "good"),
    "handed over": ("→ given out", "text"), "confirmed": ("✓ sent", "muted"), "cancelled": ("– cancelled", "muted"),
}  # fmt: skip
_PIECE = 1_000
_MOST_LINES = 4_000


def message_line(row: MessageRow) -> Line:
    """A message in the list."""
    sign, colour = _SHORT[row.state]
    why = f" · {'; '.join(row.lacks)}" if row.lacks else ""
    letter = "letter to " if row.channel == "letter" else "to "
    return Line(
        (
            (sign, colour),
            (visible(row.name or row.code), "bright"),
            (visible(row.to_name or row.recipient or "nobody"), "text" if row.whom != "nobody" else "bad"),
            (visible(row.subject), "text"),
        ),
        detail=f"{STATES[row.state]}{why} · {letter}{row.whom} · {row.code} {row.name}",
    )


def about(message: Message, width: int) -> Content:
    """A message whole: its head, its text, what was done to it."""
    row = message.row
    _, colour = _SHORT[row.state]
    parts = [hanging("To        ", f"{'letter to ' if row.channel == 'letter' else ''}{row.whom}", width)]
    parts += [hanging("Partner   ", f"{row.code} {row.name}", width)] if row.name else []
    parts += [hanging("Case      ", f"{row.case} (enter opens it)", width)] if row.case_id else []
    parts.append(hanging("State     ", STATES[row.state], width, colour))
    parts += [hanging("Missing   ", lack, width, "bad") for lack in row.lacks]
    parts += [Content(""), *body(message.body), Content(""), Content.styled("What was done to it", "bold $muted")]
    for act in message.acts:
        parts.append(hanging(f"{act.at:%Y-%m-%d %H:%M} UTC  ", f"{act.actor}: {act.why}", width))
    return Content("\n").join(parts)


def body(text: str) -> list[Content]:
    """The text of a message, line by line; a very long one is cut, and says so."""
    lines = text.rstrip("\n").split("\n")
    pieces = [line[at : at + _PIECE] for line in lines for at in range(0, max(len(line), 1), _PIECE)]
    shown = [plain(piece) for piece in pieces[:_MOST_LINES]]
    return shown if len(pieces) <= _MOST_LINES else [*shown, plain("… and more", "muted")]


def waiting(counts: Mapping[str, int]) -> Content | None:
    """How many messages wait for what, in one sentence; None when none does."""
    said = {
        "returned": ("came back", "bad"),
        "draft": ("to approve", "warn"),
        "approved": ("to write out", "good"),
        "handed over": ("to confirm as sent", "muted"),
    }
    parts: list[tuple[str, str]] = []
    for state, (words, colour) in said.items():
        if counts[state]:
            parts += [(", " if parts else "", "$muted"), (f"{counts[state]:,} {words}", f"${colour}")]
    return (
        Content.assemble(("Messages  ", "$muted"), *parts, ("   o", "bold $accent"), (" opens them", "$muted"))
        if parts
        else None
    )
