"""The sections on what becomes of the quiet: the review that decides, win-back with what came of it, who is kept anyway."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain.review import Held
from prm_tui.services import kept, partners, review, winback
from screens.insights.shown import Behind, Shown, of
from screens.text import cell, many, short_date, stated, visible
from screens.widgets.table import Col, Line
from screens.words import by_keys

if TYPE_CHECKING:
    from prm_tui.domain.winback import Arm
    from storage import Store


def deciding(store: Store, as_of: date, width: int) -> Shown:
    """Everybody who must be decided about, with what they bind."""
    rows = review.rows(store, as_of)
    lines, behind = {}, {}
    for row in rows:
        sign, colour = stated(row.state.label)
        lines[row.partner_id] = Line(
            ((visible(row.code), "muted"), (visible(row.name), "bright"), (visible(row.listed), "warn"), (visible(row.decided), "good"),
             cell(row.year, "money"), (f"{row.hours:,.1f}", "text"), cell(row.funds, "money"), (f"{row.leads:,}", "text"),
             (sign, colour)),
            detail=visible(" · ".join(filter(None, (f"{row.name} ({row.code}): {row.state.label}", row.listed, row.covered, row.decided)))),
        )  # fmt: skip
        behind[row.partner_id] = Behind(row.name, of([row.partner_id]))
    columns = [Col("code", "Code", 7), Col("name", "Name"), Col("why", "Listed for", least=25), Col("decided", "Decided", 20),
               Col("year", "12 months", 12, True), Col("hours", "Hours", 7, True), Col("funds", "Funds", 10, True),
               Col("leads", "Leads", 5, True), Col("state", "State", 17)]  # fmt: skip
    held = Held.by(row for row in rows if not row.decided)
    above = Content.assemble(
        (
            f"{len(rows):,} to be decided about: quiet, red, lapsed, kept until soon, or with a case nobody touches. They bind ",
            "$muted",
        ),
        (held.said, "bold $bright"),
        (". space marks, a decides.", "$muted"),
    )
    return Shown(columns, lines, behind, above, "Nobody has to be decided about.")


def winning(store: Store, as_of: date, width: int) -> Shown:
    """What came of winning back after 90 days, and what goes wrong with it."""
    found, wrong = winback.results(store, as_of), winback.look(store, as_of)
    lines: dict[Any, Line] = {}
    behind: dict[Any, Behind | tuple[Behind, ...]] = {}
    for group, arms in (
        ("", (found.treated, found.left_out)),
        ("reason", found.by_reason),
        ("outcome", found.by_outcome),
    ):
        for arm in arms:
            lines[group, arm.label] = _arm(group, arm)
            behind[group, arm.label] = Behind(f"Win-back: {arm.label}", of(arm.ids))
    for one in found.brought:
        lines["brought", one.label] = Line((("brought", "muted"), (visible(one.label), "bright"), (visible(one.said), "text")),
                                           detail=visible(f"{one.label}: {one.said}"))  # fmt: skip
        behind["brought", one.label] = Behind(f"Their first half-year: {one.label}", of(one.ids))
    for sent in wrong.same_text:
        lines["lint", sent.warning] = Line(
            (("! text", "warn"), (visible(sent.warning), "warn")), detail=visible(sent.warning)
        )
    for title, listed in (("nobody is in touch", wrong.untouched), ("no outcome date", wrong.undated)):
        if listed:
            codes = [row.code for row in listed]
            lines["loose", title] = Line((("! loose", "warn"), (title, "warn"), (many(len(codes), "partner"), "text")))
            behind["loose", title] = Behind(title.capitalize(), of(_ids(store, codes)))
    columns = [Col("group", "", 9), Col("what", "", 26), Col("said", "After 90 days", least=30)]
    anything = found.treated.of or wrong.untouched or wrong.undated
    return Shown(columns, lines if anything else {}, behind, Content.styled(by_keys(found.sentence), "$muted"),
                 "No win-back was begun yet. The pack win-back begins them: 3, then n; or a in a list of quiet partners.")  # fmt: skip


def _arm(group: str, arm: Arm) -> Line:
    more = f", {arm.unknown:,} not yet known" if arm.unknown else ""
    return Line(
        ((group, "muted"), (visible(arm.label), "bright"), (arm.said + more, "text")),
        detail=visible(
            f"{arm.label}: {many(arm.of, 'partner')}; {arm.said}{more}. They brought {arm.amount:,.2f} within the window."
        ),
    )


def _ids(store: Store, codes: list[str]) -> list[int]:
    return [partners.resolve(store, code) for code in codes]


def keeping(store: Store, as_of: date, width: int) -> Shown:
    """Who is kept although a rule says otherwise, and what came of it."""
    lines, behind = {}, {}
    for n, one in enumerate(kept.listed(store, as_of)):
        until = (short_date(one.until) if one.until else "", "warn" if one.holds else "muted")
        lines[n] = Line(
            ((visible(one.code), "muted"), (visible(one.name), "bright"), until, (visible(one.by or "nobody named"), "text"),
             (visible(one.reason), "text"), (one.result, "good" if one.back_on else "text")),
            detail=visible(f"{one.name}: kept since {short_date(one.since)} until {until[0] or 'further notice'} by"
                           f" {one.by or 'nobody named'}: {one.reason}; {one.result}"),
        )  # fmt: skip
        behind[n] = Behind(one.name, of(_ids(store, [one.code])))
    columns = [Col("code", "Code", 7), Col("name", "Name"), Col("until", "Until", 12), Col("by", "By", 16), Col("reason", "Why", least=14),
               Col("result", "What came of it", 26)]  # fmt: skip
    return Shown(
        columns, lines, behind, nothing="Nobody is kept despite a rule. a in a list of partners keeps one until a day."
    )
