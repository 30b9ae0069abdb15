"""Lines of the ledger that come from sheets: as what an activity is booked, and the words in which sheets say how far it is."""

from __future__ import annotations

from prm_tui.domain.text import folded, trimmed

EARNED, PAID, CLAWBACK = "earned", "paid", "clawback"
BOOKS = (EARNED, PAID, CLAWBACK)
"""As what a kind of activity is booked: the partner earned it, it was paid out, it is taken back."""
STATES: dict[str, tuple[str, ...]] = {
    "new": ("open", "pending", "submitted", "estimated", "draft", "accrued", "unapproved", "unconfirmed", "not approved",
            "awaiting approval", "in review", "under review"),
    "approved": ("confirmed", "earned", "locked", "accepted", "validated", "due", "ok"),
    "declined": ("rejected", "denied", "refused", "disapproved"),
    "hold": ("held", "on hold", "blocked", "disputed"),
    "payable": ("invoiced", "scheduled", "unpaid", "outstanding", "not paid", "to be paid", "ready to pay", "ready for payment"),
    "paid": ("paid out", "settled", "transferred", "remitted"),
    "reversed": ("cancelled", "canceled", "void", "voided", "charged back", "clawed back", "refunded", "reclaimed"),
}  # fmt: skip
"""The states of a line, each with other words for it (states of PartnerStack)."""
_SPELT = {word: state for state, others in STATES.items() for word in (state, *others)}
UNSAID = {EARNED: "approved", PAID: "paid", CLAWBACK: "approved"}
"""The state of what a sheet says nothing of."""


def state_of(said: str | None, books: str) -> str | None:
    """The state a cell says, that of `books` where it is empty; None for a word nobody knows."""
    words = trimmed(folded((said or "").replace("_", " ").replace("-", " ")))
    return _SPELT.get(words) if words else UNSAID[books]
