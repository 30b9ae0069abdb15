"""Mutated copies of valid workbooks: each must end with a clear message or a correct import.

    python -m tests.fuzz COUNT [SEED]

One process for each file, forked from a warm one, with the limits of the reading child. Every tenth file that
can be read goes on into a database, which must be either whole or untouched.
"""

from __future__ import annotations

import faulthandler
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

from importers import child, staging, suspect
from importers.propose import propose
from prm_tui.domain.errors import PrmError
from prm_tui.services import exchange, files

ODD = Path(__file__).parent / "data" / "odd-workbooks"
SECONDS = 30
Mutation = Callable[[random.Random, bytes, str], bytes]


def seeds() -> dict[str, bytes]:
    """Valid files to begin with."""
    import xlsxwriter

    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}) as book:
        partners, orders = book.add_worksheet("Dealers"), book.add_worksheet("Orders")
        for n, row in enumerate(
            [("Dealer No", "Dealer Name", "Region"), *((f"{i:03}", f"Dealer {i}", "West") for i in range(40))]
        ):
            partners.write_row(n, 0, row)
        orders.write_row(0, 0, ("Order No", "Order Date", "Dealer No", "Amount"))
        for n in range(1, 200):
            orders.write_row(n, 0, (f"A{n}", date(2026, 1 + n % 12, 1 + n % 28), f"{n % 40:03}", n * 1.25))
    text = "Dealer No,Dealer Name,Region\n" + "".join(f'{n:03},“Dealer” {n},"a\nb"\n' for n in range(60))
    found = {"made.xlsx": held.getvalue(), "made.csv": text.encode()}
    for path in sorted(ODD.glob("*")):
        if path.suffix in suspect.WORKBOOKS + suspect.TEXTS and 0 < path.stat().st_size < 30_000:
            found[path.name] = path.read_bytes()
    return found


def flipped(chance: random.Random, content: bytes, name: str) -> bytes:
    """Some bytes are other bytes."""
    found = bytearray(content)
    for _ in range(chance.choice((1, 3, 20, 200))):
        found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


def truncated(chance: random.Random, content: bytes, name: str) -> bytes:
    """The end is missing, or the middle."""
    cut = chance.randrange(1, len(content))
    return content[:cut] if chance.random() < 0.7 else content[:cut] + content[min(cut + 500, len(content)) :]


def _parts(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The same zip with parts changed; None leaves one out."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                part = change(name, old.read(name))
                if part is not None:
                    new.writestr(name, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
        return content
    return out.getvalue()


def garbled(chance: random.Random, content: bytes, name: str) -> bytes:
    """The XML of one part is cut, doubled, or has its tags and numbers exchanged."""

    def change(part: str, text: bytes) -> bytes | None:
        if not part.endswith((".xml", ".rels")) or chance.random() > 0.4 or not text:
            return text
        at = chance.randrange(len(text))
        return chance.choice((text[:at], text + text[at:], text.replace(b"<c ", b"<x "), text.replace(b'r="', b'r="-'),
                              text.replace(b"<v>", b"<v>9999999"), text.replace(b"</row>", b""), b""))  # fmt: skip

    return _parts(content, change)


def huge(chance: random.Random, content: bytes, name: str) -> bytes:
    """Dimensions, rows, columns and shared strings beyond measure."""
    ref = chance.choice((b"A1:XFD1048576", b"A1048576:A1048576", b"XFD1", b"A0", b"ZZZZ99999999", b"A1:A1:A1"))

    def change(part: str, text: bytes) -> bytes:
        if "worksheets/" in part:
            text = text.replace(b'<dimension ref="A1', b'<dimension ref="' + ref)
            text = text.replace(b'<row r="2"', b'<row r="1048576"').replace(
                b'r="B2"', chance.choice((b'r="XFD2"', b'r="B99"'))
            )
            text = text.replace(b"<v>1</v>", chance.choice((b"<v>4294967295</v>", b"<v>-1</v>", b"<v>1e999</v>")))
        if part.endswith("sharedStrings.xml"):
            text = text.replace(b'uniqueCount="', chance.choice((b'uniqueCount="99999999', b'uniqueCount="-')))
        return text

    return _parts(content, change)


def laughing(chance: random.Random, content: bytes, name: str) -> bytes:
    """Entities, macros, external links, and a part that unpacks to very much."""
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    extra = chance.choice((("xl/vbaProject.bin", os.urandom(2000)), ("xl/externalLinks/externalLink1.xml", b"<externalLink/>"),
                           ("xl/worksheets/sheet9.xml", bomb), ("xl/media/a.bin", bytes(60_000_000)),
                           ("../../escape.xml", b"<x/>"), ("xl/workbook.xml", b"<workbook/>")))  # fmt: skip
    out = io.BytesIO(_parts(content, lambda _, text: text))
    try:
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(*extra)
    except (zipfile.BadZipFile, ValueError, OSError):
        return content
    return out.getvalue()


def spliced(chance: random.Random, content: bytes, name: str) -> bytes:
    """Bytes of another kind in the middle, or another head."""
    at = chance.randrange(len(content))
    what = chance.choice(
        (b"\x00" * 64, b"\xff\xfe", b"PK\x03\x04", b"<!ENTITY", b'"' * 7, b"\r" * 50, "日本語".encode("utf-16"))
    )
    return content[:at] + what + content[at:] if chance.random() < 0.7 else what + content


MUTATIONS: tuple[Mutation, ...] = (flipped, truncated, garbled, huge, laughing, spliced)


def run(count: int, seed: int) -> Counter[str]:
    """How often each outcome occurred: taken, refused, gave up (the child died and its parent says so), or a fault."""
    chance, originals = random.Random(seed), seeds()
    names = sorted(originals)
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="prm-fuzz-") as folder:
        for n in range(count):
            name = names[chance.randrange(len(names))]
            mutation = chance.choice(MUTATIONS)
            content = mutation(chance, originals[name], name)
            path = Path(folder) / f"{n}{Path(name).suffix}"
            path.write_bytes(content)
            outcome = _one(path, whole=n % 10 == 0)
            outcomes[outcome.split(":")[0]] += 1
            if outcome.startswith("fault"):
                print(f"{outcome}  [{mutation.__name__} of {name}, seed {seed}, number {n}]", flush=True)
            path.unlink()
    return outcomes


def _one(path: Path, *, whole: bool) -> str:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        faulthandler.disable()  # a reader that aborts is an outcome here, not news
        os.close(reading)
        os.dup2(writing, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stdout = os.fdopen(1, "w")
        try:
            code = _in_child(path, whole)
        except BaseException as error:
            print(json.dumps({"fault": f"{type(error).__name__}: {error}"}))
            code = 9
        sys.stdout.flush()
        os._exit(code)
    os.close(writing)
    begun, status = time.monotonic(), None
    while status is None:
        done, code = os.waitpid(pid, os.WNOHANG)
        if done:
            status = code
        elif time.monotonic() - begun > SECONDS:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(reading)
            return "fault: it took too long"
        else:
            time.sleep(0.002)
    with os.fdopen(reading) as heard:
        said = heard.read()
    return _judged(status, said)


def _in_child(path: Path, whole: bool) -> int:
    staged = path.with_suffix(".staging")
    try:
        code = child.main([str(staged), str(path)])
        if code:
            return code
        conn = staging.connect(staged)
        try:
            propose(conn)
        finally:
            conn.close()
        return _whole(path) if whole else 0
    finally:
        staged.unlink(missing_ok=True)


def _whole(path: Path) -> int:
    """All the way into a database, which is whole or untouched afterwards."""
    db = path.with_suffix(".db")
    try:
        with files.open_file(db, create=True) as store:
            before = store.conn.execute("SELECT count(*), max(id) FROM changes").fetchone()
            try:
                with exchange.read(store, [path]) as reading:
                    exchange.commit(store, reading, actor=None, as_of=date(2026, 3, 1))
            except PrmError as error:
                assert "\n" not in str(error).strip() or error.exit_code == 3, error
                assert store.conn.execute("SELECT count(*), max(id) FROM changes").fetchone() == before
            assert store.conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert store.conn.execute("PRAGMA foreign_key_check").fetchall() == []
        return 0
    finally:
        for left in path.parent.glob(f"{db.name}*"):
            left.unlink()


def _judged(status: int, said: str) -> str:
    lines = [json.loads(line) for line in said.splitlines()]
    for line in lines:
        if "fault" in line:
            return f"fault: {line['fault']}"
    if os.WIFSIGNALED(status):
        return "gave up"
    if os.WEXITSTATUS(status) == 0:
        return "taken"
    errors = [line["error"] for line in lines if "error" in line]
    if os.WEXITSTATUS(status) != 4 or len(errors) != 1 or "\n" in errors[0] or "Traceback" in errors[0]:
        return f"fault: code {os.WEXITSTATUS(status)}, said {said[:300]}"
    return "refused"


def main() -> int:
    """Run; 1 when anything ended otherwise than it must."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**9)
    outcomes = run(count, seed)
    print(f"seed {seed}: " + ", ".join(f"{n:,} {what}" for what, n in sorted(outcomes.items())))
    return int(outcomes["fault"] > 0)


if __name__ == "__main__":
    sys.exit(main())
