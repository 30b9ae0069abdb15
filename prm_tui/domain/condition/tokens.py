"""A condition's text as words and signs, with typical slips named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from prm_tui.domain.condition.error import ConditionError

KEYWORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "between",
        "contains",
        "is",
        "empty",
        "known",
        "changed",
        "from",
        "to",
        "true",
        "false",
        "where",
    ]
)
MAX_TEXT = 20_000
MAX_DIGITS = 30
_SLIPS = {
    "==": "=",
    "<>": "!=",
    "=>": ">=",
    "=<": "<=",
    "&&": "and",
    "||": "or",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "!": "not",
    "&": "and",
    "|": "or",
    "–": "-",
    "−": "-",
    ";": ",",
    "[": "(",
    "]": ")",
}
_QUOTES = {"“": "”", "”": "”", "„": "”", "‘": "’", "’": "’", "`": "`", "´": "´"}
_PATTERNS = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9A-Za-z_]))"
    r"|(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<slip>==|<>|=>|=<|&&|\|\|)"
    r"|(?P<sign>!=|<=|>=|[=<>+\-*/(),.%])"
)


@dataclass(frozen=True)
class Token:
    """`kind` is text, number, date, name, keyword, sign or end; `value` what it stands for."""

    kind: str
    value: str | Decimal | date
    at: int
    end: int


def tokens(text: str) -> list[Token]:
    """All tokens of a text, closed by one of kind `end`. ConditionError for what cannot be read."""
    if len(text) > MAX_TEXT:
        raise ConditionError(f"longer than {MAX_TEXT:,} characters", MAX_TEXT)
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] in "'\"":
            token = _quoted(text, at)
        else:
            match = _PATTERNS.match(text, at)
            if match is None or match.lastgroup == "slip":
                raise _slip(text, at, match.group() if match else text[at])
            if match.lastgroup == "space":
                at = match.end()
                continue
            token = _token(str(match.lastgroup), match.group(), at)
        found.append(token)
        at = token.end
    found.append(Token("end", "", len(text), len(text)))
    return found


def _token(kind: str, said: str, at: int) -> Token:
    end = at + len(said)
    if kind == "date":
        try:
            return Token(kind, date.fromisoformat(said), at, end)
        except ValueError:
            raise ConditionError(f"{said} is not a day of the calendar", at) from None
    if kind == "number" and len(said) > MAX_DIGITS:
        raise ConditionError(f"a number of more than {MAX_DIGITS} digits", at)
    if kind == "number":
        return Token(kind, Decimal(said.replace("_", "")), at, end)
    if kind == "name":
        plain = plain_name(said)
        return Token("keyword" if plain in KEYWORDS else "name", plain, at, end)
    return Token(kind, said, at, end)


def plain_name(said: str) -> str:
    """A name as it is compared: lower case, nothing but letters, digits and underscores."""
    return "".join(c for c in said.casefold() if c.isalnum() or c == "_")


def _quoted(text: str, at: int) -> Token:
    """'text' or "text"; the quote itself is written twice."""
    quote, end, parts = text[at], at + 1, []
    while True:
        close = text.find(quote, end)
        if close < 0:
            raise ConditionError(f"the text that begins here has no closing {quote}", at, expected=f"a closing {quote}")
        parts.append(text[end:close])
        if text[close + 1 : close + 2] != quote:
            return Token("text", quote.join(parts), at, close + 1)
        end = close + 2


def _slip(text: str, at: int, said: str) -> ConditionError:
    if said in _SLIPS:
        return ConditionError(f"write {_SLIPS[said]} instead of {said}", at)
    if said in _QUOTES:
        return ConditionError(f"write text in straight quotes, 'like this', instead of {said}", at)
    if said in "$€£¥":
        return ConditionError("write an amount without its currency sign", at)
    return ConditionError(
        f"“{said}” has no meaning here" if said.isprintable() else "a character that cannot be read", at
    )
