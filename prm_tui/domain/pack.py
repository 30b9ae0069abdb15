"""A pack: kinds, facts, triggers, workflows, templates as one TOML text; read whole, with every fault, and written back."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Annotated, Any

from prm_tui.domain import toml
from prm_tui.domain.condition.catalogue import CLASSES
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.fault import Fault, Key
from prm_tui.domain.gate import Gate
from prm_tui.domain.inactivity import Policy
from prm_tui.domain.ledger import BOOKS
from prm_tui.domain.setting import SETTINGS
from prm_tui.domain.shape import (
    Condition,
    Expression,
    KindBy,
    KindName,
    Slug,
    Words,
    Worker,
    build,
    one_of,
    plain,
    shapes_of,
    to_data,
    unknown_keys,
)
from prm_tui.domain.shape import read as shaped
from prm_tui.domain.text import folded
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import Workflow

PILLARS = ("strategize", "recruit", "onboard", "enable", "market", "sell", "incentivize", "accelerate")
FIELD_TYPES = ("text", "number", "money", "date", "yes/no", "contact")
KINDS = ("workflow", "industry", "own")

FieldType = Annotated[str, one_of(*FIELD_TYPES)]
_Pillar = Annotated[str, one_of(*PILLARS)]


@dataclass(frozen=True, kw_only=True)
class ActivityKind:
    """A kind of activity: its label, what it says about a partner, as what it is booked into the ledger, its own fields."""

    name: str
    label: Words
    class_: Annotated[str, one_of(*CLASSES)] | None = None
    pillar: _Pillar | None = None
    books: Annotated[str, one_of(*BOOKS)] | None = None
    fields: dict[KindName, FieldType] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """A kind of record. `open`: statuses that count as open; `closed`: words of its own for what is over.

    `emits`: date field → the activity it makes, or for each status in which it makes one, which (a deal that is won on the
    day it is closed).
    """

    name: str
    label: Words
    pillar: _Pillar | None = None
    fields: dict[KindName, FieldType] = field(default_factory=dict)
    open: tuple[Words, ...] = ()
    closed: tuple[Words, ...] = ()
    emits: dict[Words, KindBy] = field(default_factory=dict)


Emits = Mapping[str, str | Mapping[str, str]]


def emitted(emits: Emits) -> tuple[str, ...]:
    """The kinds of activity that the dates of a kind of record make."""
    return tuple(kind for one in emits.values() for kind in ((one,) if isinstance(one, str) else one.values()))


def emitted_by(emits: Emits, status: Any) -> tuple[str, ...]:
    """Those that a record makes by coming to a status; all there are by status where it is not known as text."""
    by_status = (pair for one in emits.values() if isinstance(one, Mapping) for pair in one.items())
    return tuple(kind for word, kind in by_status if not isinstance(status, str) or folded(word) == folded(status))


@dataclass(frozen=True, kw_only=True)
class PartnerField:
    """A custom field of partners."""

    name: str
    type: FieldType = "text"
    label: Words | None = None

    @property
    def shown(self) -> str:
        """Its label."""
        return self.label or self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, kw_only=True)
class NamedFact:
    """A condition or value with a name of its own. `sentence` says what it means."""

    name: str
    value: Expression
    sentence: Words | None = None


@dataclass(frozen=True, kw_only=True)
class MessageTemplate:
    """A message or document: `subject` stands above it. Both may hold {{ fields }} (`template.parse`)."""

    name: str
    subject: Words
    body: Words


@dataclass(frozen=True, kw_only=True)
class Obligation:
    """What is left to do when something ends: whose, by which rule, so many days after, and how it is proven.

    It applies to every partner that leaves; with `impact`, where one of these lines of the impact was counted or could
    not be checked; with `when`, where that condition holds or is unknown; with `reasons`, for these alone.
    """

    name: str
    title: Words
    area: Words | None = None
    owner: Worker = "manager"
    days: int = 0
    rule: Words | None = None
    proof: Words | None = None
    impact: tuple[KindName, ...] = ()
    when: Condition | None = None
    reasons: tuple[Slug, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Head:
    name: Slug | None = None
    title: Words | None = None
    about: Words | None = None
    kind: Annotated[str, one_of(*KINDS)] | None = None
    needs: tuple[Slug, ...] = ()
    supersedes: tuple[Slug, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Everything one TOML text brings, by name. `kind`: workflow, industry, or own (a file without [pack]).

    `needs`: packs that must be in the file before it; `supersedes`: packs whose triggers, workflows and templates of the
    same names it takes over.
    """

    name: str
    title: str
    about: str | None = None
    kind: str = "own"
    needs: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    partner: dict[str, PartnerField] = field(default_factory=dict)
    activities: dict[str, ActivityKind] = field(default_factory=dict)
    records: dict[str, RecordKind] = field(default_factory=dict)
    facts: dict[str, NamedFact] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    templates: dict[str, MessageTemplate] = field(default_factory=dict)
    obligations: dict[str, Obligation] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


class PackError(InputError):
    """A pack with something wrong in it; `faults` is every one of them, in the order of the text."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(fault.said for fault in self.faults))


@dataclass(frozen=True)
class Draft:
    """What a text holds as far as it could be read, its faults, and the names ("workflow", "winback") that failed."""

    pack: Pack
    faults: tuple[Fault, ...]
    failed: frozenset[tuple[str, str]]
    file: str
    lines: Mapping[Key, int] = field(default_factory=dict)

    def placed(self, faults: Iterable[Fault]) -> list[Fault]:
        """Faults with their file and line, in the order of the text."""
        found = [replace(fault, file=self.file, line=self._line(fault.key)) for fault in faults]
        return sorted(found, key=lambda fault: fault.line or 0)

    def _line(self, key: Key) -> int | None:
        return next((self.lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in self.lines), None)


_SECTIONS: dict[str, tuple[str, type]] = {
    "activity": ("activities", ActivityKind),
    "record": ("records", RecordKind),
    "fact": ("facts", NamedFact),
    "trigger": ("triggers", Trigger),
    "workflow": ("workflows", Workflow),
    "template": ("templates", MessageTemplate),
    "obligation": ("obligations", Obligation),
    "policy": ("policies", Policy),
    "gate": ("gates", Gate),
}
_TOP = ("pack", "field", *_SECTIONS, "settings")
_NAMES: dict[str, Any] = {"activity": KindName, "record": KindName, "fact": KindName}


def read(text: str, file: str) -> Pack:
    """The pack a text is; `file` names it in messages, and the pack where it gives itself no name.

    Raises PackError with every fault: file, line, key, what is wrong, the nearest name.
    """
    draft = parse(text, file)
    if draft.faults:
        raise PackError(draft.faults)
    return draft.pack


def parse(text: str, file: str) -> Draft:
    """A pack as far as it can be read. Raises PackError for a text that is not TOML."""
    data = _loaded(text, file)
    faults = unknown_keys(data, _TOP, ())
    head, found = build(_Head, data.get("pack", {}), ("pack",))
    faults += found
    parts: dict[str, dict[str, Any]] = {"partner": {}}
    failed: set[tuple[str, str]] = set()
    for section, (part, cls) in _SECTIONS.items():
        parts[part] = _section((section,), cls, data.get(section, {}), faults, failed)
    fields = data.get("field", {})
    if isinstance(fields, Mapping):
        faults += unknown_keys(fields, ("partner",), ("field",))
        parts["partner"] = _section(("field", "partner"), PartnerField, fields.get("partner", {}), faults, failed)
    else:
        faults.append(Fault(("field",), "fields are tables: write [field.partner.NAME]"))
    parts["settings"] = _settings(data.get("settings", {}), faults)
    head = head or _Head()
    name = head.name or _stem(file)
    kind = head.kind or ("workflow" if "pack" in data else "own")
    pack = Pack(name=name, title=head.title or name, about=head.about, kind=kind, needs=head.needs,
                supersedes=head.supersedes, **parts)  # fmt: skip
    draft = Draft(pack, (), frozenset(failed), file, toml.places(text))
    return replace(draft, faults=tuple(draft.placed(faults)))


def _loaded(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        place = re.search(r"\(at line (\d+), column (\d+)\)", said)
        problem = re.sub(r" \(at (line.*|end of document)\)$", "", said)
        line, column = (int(place[1]), int(place[2])) if place else (text.count("\n") + 1, None)
        raise PackError([Fault((), f"this is not TOML: {problem}", None, file, line, column)]) from None
    except RecursionError:
        raise PackError([Fault((), "lists or tables stand inside each other too deep", None, file)]) from None


def _stem(file: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", PurePath(file).stem.lower())) or "pack"


def _section(
    path: tuple[str, ...], cls: Any, data: Any, faults: list[Fault], failed: set[tuple[str, str]]
) -> dict[str, Any]:
    """Everything of one sort: name → dataclass."""
    if not isinstance(data, Mapping):
        faults.append(Fault(path, f"this is a table of tables: write [{'.'.join(path)}.NAME]"))
        return {}
    made: dict[str, Any] = {}
    for name, body in data.items():
        key, found = (*path, name), list[Fault]()
        shaped(_NAMES.get(path[0], KindName if path[0] == "field" else Slug), name, key, found)
        one = _one(cls, name, body, key, found)
        if one is not None:
            made[name] = one
        if found:
            failed.add((path[0], name))
            faults += found
    return made


def _one(cls: Any, name: str, body: Any, key: Key, faults: list[Fault]) -> Any:
    if cls in (Trigger, Workflow) and isinstance(body, Mapping):
        one, found = cls.from_data(name, body)
        found = [replace(fault, key=(*key, *fault.key)) for fault in found]
    else:
        one, found = build(cls, body, key, name=name)
    faults += found
    return one


def _settings(data: Any, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        faults.append(Fault(("settings",), "settings are a table: write [settings]"))
        return {}
    faults += unknown_keys(data, [key for key, one in SETTINGS.items() if one.by_pack], ("settings",))
    found = {}
    for key in data.keys() & SETTINGS.keys():
        try:
            found[key] = SETTINGS[key].read(data[key])
        except UsageError as error:
            faults.append(Fault(("settings", key), str(error).partition(": ")[2]))
    return found


def write(pack: Pack) -> str:
    """A pack as TOML that a person can read, always the same; read(write(pack), …) is the pack again."""
    head = {"name": pack.name, "title": pack.title, "about": pack.about, "kind": pack.kind,
            "needs": list(pack.needs) or None, "supersedes": list(pack.supersedes) or None}  # fmt: skip
    parts = [toml.table(("pack",), {key: value for key, value in head.items() if value is not None})]
    if pack.settings:
        parts.append(toml.table(("settings",), plain(pack.settings)))
    parts += [toml.table(("field", "partner", name), _named(one)) for name, one in pack.partner.items()]
    for section, (part, _) in _SECTIONS.items():
        for name, one in getattr(pack, part).items():
            if isinstance(one, Workflow):
                parts.append(_workflow(one))
            elif isinstance(one, Trigger):
                parts.append(toml.table((section, name), one.to_data()))
            else:
                parts.append(toml.table((section, name), _named(one)))
    return "\n".join(parts)


def _named(one: Any) -> dict[str, Any]:
    data = to_data(one, leave=("name",))
    return {key: data[key] for key in shapes_of(type(one)) if key in data}


def _workflow(workflow: Workflow) -> str:
    data = workflow.to_data()
    steps = data.pop("step")
    path = ("workflow", workflow.name)
    return toml.table(path, data) + "".join(toml.table((*path, "step"), step, listed=True) for step in steps)
