"""What a file may be told about itself: each setting with its meaning, its standard and what may stand there."""

from __future__ import annotations

from dataclasses import dataclass

from prm_tui.domain.coverage import TOLERANCE
from prm_tui.domain.errors import UsageError
from prm_tui.domain.text import nearest

PERSONS = "persons"
EVIDENCE = "evidence_for_cause"
BINDING = {PERSONS: "how many persons must agree", EVIDENCE: "whether a signed answer is needed"}
"""Settings that say how people agree: somebody by name changes them, and cases say who lowered them."""
RETENTION = "retention_days"


@dataclass(frozen=True)
class Setting:
    """A whole number from `least` to `most`; `standard` where the file says nothing. A pack may set it `by_pack`."""

    key: str
    title: str
    about: str
    standard: int
    least: int
    most: int
    by_pack: bool = True

    def read(self, said: object) -> int:
        """What was said, as a number. UsageError, beginning with the key, for what cannot stand there."""
        text = str(said).strip()
        if isinstance(said, bool) or not text.isdecimal() or not self.least <= int(text) <= self.most:
            raise UsageError(
                f"{self.key}: {self.title.lower()} is a whole number from {self.least} to {self.most}, not “{text}”"
            )
        return int(text)


SETTINGS = {
    setting.key: setting
    for setting in (
        Setting(PERSONS, "Persons who agree", "2: who asks cannot approve, who writes a trigger that messages, pays or sets a"
                " status cannot switch it on. 1: one person is enough, and every case says so.", 2, 1, 2, by_pack=False),
        Setting("coverage_tolerance", "Days feeds may lag", "So many days a feed may lie behind and still tell that"
                " something did not happen.", TOLERANCE, 0, 400),
        Setting(RETENTION, "Days contacts are kept", "So many days after the deactivation of their partner is closed contacts"
                " are due to be erased.", 365, 0, 36_500),
        Setting("year_starts", "Year's first month", "The month in which the fiscal year begins, for year and quarter.",
                1, 1, 12),
        Setting("contact_minutes", "Minutes a contact takes", "So many minutes a meeting, call or e-mail took of us where"
                " nobody wrote down its hours.", 30, 0, 1_440),
        Setting(EVIDENCE, "Signed answers for cause", "1: a deactivation for cause is approved by a signed answer only."
                " 0: entering it here is enough, and every such case says so.", 1, 0, 1, by_pack=False),
        Setting("deemed_days", "Days until a letter counts", "So many days after it was sent a notice counts as received,"
                " where the agreement says nothing and nobody signed for it.", 3, 0, 60),
        Setting("reapply_days", "Days until a partner may return", "So many days after it left a partner may be enrolled"
                " again; a case may say another day.", 180, 0, 3650),
    )
}  # fmt: skip


def known(key: str) -> Setting:
    """The setting of this key. UsageError with the nearest when there is none."""
    if key not in SETTINGS:
        like = nearest(key, SETTINGS)
        raise UsageError(
            f"There is no setting “{key}”. "
            + (f"Did you mean “{like}”?" if like else f"Known are {', '.join(SETTINGS)}.")
        )
    return SETTINGS[key]
