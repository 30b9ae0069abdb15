"""A text as one partner would get it, with what stands in its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prm_tui.domain.template import Template, fill

_LATER = ("case.id",)
"""What a case has only once there is one."""


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
    """A filled text, in which fields without a value stand as [partner.tier].

    `empty`: those of them that keep a message from being sent; `later`: those that a case says once it is under way.
    """

    subject: str
    body: str
    empty: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


def preview(subject: Template, body: Template, reader: Reader) -> Preview:
    """The text for a reader."""
    shown, empty, later = dict[str, str](), list[str](), list[str]()
    for name in dict.fromkeys((*subject.names, *body.names)):
        value = "" if name in _LATER else (reader.values.get(name) or "").strip()
        shown[name] = (reader.values[name] or "") if value else f"[{name}]"
        if not value:
            (later if name.startswith("case.") else empty).append(name)
    line = fill(subject, shown.get, line=True).text
    return Preview(str(line), str(fill(body, shown.get).text), tuple(empty), tuple(later))
