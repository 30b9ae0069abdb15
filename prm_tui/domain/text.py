"""Text that came from people and files: trimmed, folded, compared."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

_LEGAL_FORMS = (
    "ag as ab bv co company corp corporation cv gmbh group holding holdings inc incorporated kg kk lda"
    " limited llc llp ltd ltda mbh nv oy oyj plc pte pty sa sarl sas se spa sl srl sro"
)
_LEGAL = frozenset(_LEGAL_FORMS.split())
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_NO_WORD = re.compile(r"[^\w]+")


def trimmed(text: str) -> str:
    """Text without outer space, with every run of space, no-break space and line break as one space."""
    clean = text if text.isascii() else text.replace("\u200b", "").replace("\ufeff", "")
    return " ".join(clean.split())


def typed(text: str) -> str:
    """Text as it is typed into a shell after a command: quoted where it must be. Messages that name a command say it so."""
    return shlex.quote(text)


def folded(text: str) -> str:
    """Text for searching: lower case of every script, accents kept, spaces single."""
    return trimmed(text).casefold()


def name_key(name: str) -> str:
    """A name for comparing: no case, accents, punctuation or legal form.

    "Brakes & Gears, Ltd." becomes "brakes gears". A name that consists of nothing else keeps its folded
    form, so that the key is never empty.
    """
    plain = name.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    words = [w for w in _NO_WORD.split(plain) if w]
    kept = [w for w in words if w not in _LEGAL and w != "and"]
    return " ".join(kept or words) or folded(name)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like a mistyped one, or None."""
    found = get_close_matches(word.casefold(), {k.casefold(): k for k in known}, n=1, cutoff=0.6)
    return next((k for k in known if k.casefold() == found[0]), None) if found else None


def safe_name(name: str) -> str:
    """A name for a file on any system: no separators, control characters or reserved names; at most 120 characters."""
    plain = "".join("_" if c in '<>:"/\\|?*' or not c.isprintable() else c for c in name)
    stem, dot, suffix = plain.strip(" .").rpartition(".")
    kept = f"{stem[: 120 - len(suffix) - 1]}{dot}{suffix}" if dot and len(suffix) < 10 else plain.strip(" .")[:120]
    return f"_{kept}" if _RESERVED.fullmatch(kept) or not kept else kept


def slug(header: str) -> str:
    """A header as the key of a custom field: lower case, words joined by underscores.

    "Phone No." becomes phone_no. Words run together in capitals are taken apart (AnnualSales → annual_sales).
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", trimmed(header))
    plain = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    key = "_".join(w for w in re.split(r"[^\w]+", plain.casefold()) if w).strip("_")
    if not key:
        return "column"
    return f"c_{key}" if key[0].isdigit() else key
