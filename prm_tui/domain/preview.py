"""A text as one partner would get it, with what stands in its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prm_tui.domain.template import Template, fill


@dataclass(frozen=True)
class Reader:
    """For whom a text is shown: the partner, which record or activity of it, who there gets it (None: nobody does).

    `lacks`: why nothing could be sent, whatever the text. `values`: field → what it says, None where empty or unknown.
    """

    code: str
    partner: str
    which: str = ""
    name: str | None = None
    address: str | None = None
    lacks: str = ""
    values: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """A filled text. `empty`: the fields without a value, which stand in it as [partner.tier]."""

    subject: str
    body: str
    empty: tuple[str, ...] = ()


def preview(subject: Template, body: Template, reader: Reader) -> Preview:
    """The text for a reader. What only a case that is under way can say (who answered what) is no empty field."""
    values = {name: None if name in _LATER else reader.values.get(name) for name in (*subject.names, *body.names)}
    shown = {name: value if (value or "").strip() else f"[{name}]" for name, value in values.items()}
    empty = tuple(name for name, value in values.items() if not (value or "").strip() and not name.startswith("case."))
    return Preview(str(fill(subject, shown.get, line=True).text), str(fill(body, shown.get).text), empty)


_LATER = ("case.id",)
"""What a case has only once there is one."""
