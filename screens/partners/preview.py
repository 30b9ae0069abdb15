"""The pane beside the list: the selected partner at a glance."""

from __future__ import annotations

from datetime import date
from textwrap import wrap
from typing import TYPE_CHECKING

from textual.content import Content

from screens.text import found, plain, short_date, spark, stated

if TYPE_CHECKING:
    from prm_tui.domain.condition import Leaf
    from prm_tui.domain.feed import Feed
    from prm_tui.services.partners import Preview

WIDTH = 40


def preview(seen: Preview, why: Leaf | None, feeds: list[Feed], as_of: date) -> Content:
    """Name, 24 months of orders, why it is here, its rhythm, the latest, what is open, how far the feeds reach."""
    partner = seen.partner
    fields = partner.fields
    about = [str(fields[k]) for k in ("code", "type", "territory", "country", "status") if fields.get(k)]
    parts: list[Content | str] = [
        plain(partner.name[:300], "bright").stylize("bold"),
        plain(" · ".join(about), "muted"),
        Content(""),
    ]
    if seen.state is not None:
        sign, colour = stated(seen.state.state.label)
        parts += [plain(sign, colour), *(plain(line, "muted") for line in wrap(seen.state.why, WIDTH)[:4]), Content("")]
    parts += _months(seen, as_of)
    if why is not None:
        parts += ["", _heading("Why it is here" if why.met else f"It is {why.outcome}"), *_leaves(why)]
    parts += ["", _heading("Its own rhythm"), *_rhythm(seen)]
    parts += ["", _heading("Latest"), *_latest(seen)]
    cases = partner.counts.get("cases", 0)
    parts += [
        "",
        _heading("Open"),
        plain(f"{cases} case{'s' if cases > 1 else ''}" if cases else "nothing", "warn" if cases else "muted"),
    ]
    dated = [f for f in feeds if f.covered_to and not f.listed]
    if dated:
        parts += ["", _heading("Feed")]
        for feed in dated[:3]:
            late = feed.covered_to is not None and (as_of - feed.covered_to).days > 35
            end = short_date(feed.covered_to) if feed.covered_to else ""
            parts.append(Content.assemble(plain(f"{feed.kind} "), (f"to {end}", "$warn" if late else "$good")))
    return Content("\n").join([p if isinstance(p, Content) else Content(p) for p in parts])


def _heading(text: str) -> Content:
    return Content.styled(text, "bold $muted")


def _months(seen: Preview, as_of: date) -> list[Content | str]:
    bars = spark(seen.trend)
    first = date(as_of.year - 2, as_of.month, 1)
    ends = f"{first:%b %Y}".ljust(len(bars) - 8) + f"{as_of:%b %Y}"
    return [
        Content.assemble(("12 months  ", "$muted"), (f"{seen.year:,}", "bold $bright"), (_against(seen), "$muted")),
        Content.styled(bars, "$accent" if any(seen.trend) else "$faint"),
        Content.styled(ends, "$muted"),
    ]


def _against(seen: Preview) -> str:
    if not seen.year_before:
        return "  first year" if seen.year else ""
    return f"  {(seen.year - seen.year_before) / seen.year_before:+.0%} on the 12 before"


def _leaves(leaf: Leaf, depth: int = 0) -> list[Content]:
    signs = {"met": ("✓ ", "$good"), "not met": ("✗ ", "$bad"), "unknown": ("? ", "$warn")}
    if leaf.parts and leaf.joined == "all":
        return [line for part in leaf.parts for line in _leaves(part, depth)]
    space = "  " * depth
    if leaf.parts:
        head = Content.assemble(space, signs[leaf.outcome], ({"any": "any of", "not": "not"}[leaf.joined], "$text"))
        return [head, *(line for part in leaf.parts for line in _leaves(part, depth + 1))]
    lines = [Content.assemble(space, signs[leaf.outcome], plain(leaf.text[:200]))]
    gap = f", {leaf.gap}" if leaf.gap else ""
    lines.append(Content.assemble(f"{space}  ", (f"{found(leaf.value)}", "$warn"), plain(gap, "muted")))
    if leaf.rows:
        row = leaf.rows[0]
        on = f"{short_date(row.on)} · " if row.on else ""
        lines.append(plain(f"{space}  {on}{row.what}", "muted"))
    return lines


def _rhythm(seen: Preview) -> list[Content | str]:
    rhythm = seen.rhythm
    if not rhythm.orders or rhythm.last_on is None:
        return [Content.styled("never ordered", "$muted")]
    orders = f"{rhythm.orders} order{'s' if rhythm.orders > 1 else ''}"
    lines: list[Content | str] = []
    if rhythm.median_gap is None:
        lines.append(Content.styled(orders, "$text"))
    else:
        lines.append(Content.styled(f"{orders}, usually {rhythm.median_gap} days apart;", "$text"))
        lines.append(Content.styled(f"longest silence so far {rhythm.longest_gap} days", "$text"))
    late = rhythm.longest_gap is not None and (seen.days_since or 0) > rhythm.longest_gap
    lines.append(
        Content.assemble(("the last ", "$muted"), (f"{seen.days_since} days ago", "$warn" if late else "$text"))
    )
    return lines


def _latest(seen: Preview) -> list[Content]:
    if not seen.latest:
        return [Content.styled("nothing yet", "$muted")]
    lines = []
    for row in seen.latest[:5]:
        amount = "" if row.amount is None else f"{row.amount:,.2f}"
        what = plain(row.label.lower()[:12].ljust(13))
        lines.append(Content.assemble((f"{row.occurred_on:%d %b %y} ", "$muted"), what, (amount.rjust(13), "$text")))
    return lines
