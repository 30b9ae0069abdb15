"""Text files: which encoding, which delimiter, records instead of lines."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DELIMITERS = ",;\t|"


def encoding_of(path: Path) -> tuple[str, int]:
    """The encoding and how many bytes of a mark stand before the text.

    By its mark, else UTF-8 when all of it is, else Windows' western one. A mark that contradicts the text
    after it (one zero-padded like UTF-32 behind a short mark) gives way to the text.
    """
    with path.open("rb") as file:
        head = file.read(10)
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and head[3:6] == head[7:10] == bytes(3):
        return "utf-32-le", 2
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252", 0
    return "utf-8", 0


def delimiter_of(sample: str) -> str:
    """The delimiter that gives the most rows of one and the same width above one."""
    best, most = ",", 0
    for delimiter in DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row)
        width, count = max(widths.items(), key=lambda w: (w[0] > 1, w[1] * min(w[0], 20)), default=(1, 0))
        score = count * min(width, 20) if width > 1 else 0
        if score > most:
            best, most = delimiter, score
    return best


def records(path: Path) -> tuple[Iterator[list[str]], int, list[str]]:
    """The records of a text file, how many lines of directives stand before them, and notes on the reading.

    Lines may end in LF, CR LF or a bare CR; a line end inside quotes belongs to its cell.
    """
    encoding, offset = encoding_of(path)
    csv.field_size_limit(10_000_000)
    notes = [f"read as {encoding}"] if encoding not in ("utf-8", "utf-8-sig") else []
    with _open(path, encoding, offset) as file:
        first = file.readline()
        sample = first + file.read(64_000)
    directive = first.lower().startswith("sep=") and len(first.strip()) == 5
    file = _open(path, encoding, offset)
    if directive:
        file.readline()
    delimiter = first.strip()[4] if directive else delimiter_of(sample)
    return csv.reader(file, delimiter=delimiter), int(directive), notes


def _open(path: Path, encoding: str, offset: int) -> io.TextIOWrapper:
    raw = path.open("rb")
    raw.seek(offset)
    return io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
