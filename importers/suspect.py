"""A look at a file before any reader touches it: is it what its name says, and is it safe to open?"""

from __future__ import annotations

import zipfile
from pathlib import Path

from prm_tui.domain.errors import InputError

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
TEXTS = (".csv", ".tsv", ".txt")
MAX_BYTES = 500_000_000
MAX_UNPACKED = 2_000_000_000
MAX_RATIO = 400
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def examine(path: Path) -> None:
    """Raise InputError, in one line that says what to do, for a file that cannot or must not be opened."""
    name = path.name
    if not path.exists():
        raise InputError(f"{name}: there is no such file. Check the path.")
    if path.is_dir():
        raise InputError(f"{name}: this is a folder. Name the workbook in it.")
    suffix = path.suffix.lower()
    if suffix not in WORKBOOKS + TEXTS:
        raise InputError(f"{name}: not a workbook. prm reads {', '.join((*WORKBOOKS, *TEXTS))}")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}). Check its permissions.") from None
    if size == 0:
        raise InputError(f"{name}: the file is empty (0 bytes). Ask for it again.")
    if size > MAX_BYTES:
        raise InputError(f"{name}: larger than {MAX_BYTES // 1_000_000} MB. Split it, or save it as csv.")
    if name.startswith("~$") or (size < 1024 and b"\x20\x00\x20\x00\x20\x00" in head and head[0] < 64):
        raise InputError(f"{name}: this is a temporary file of Excel. Close the workbook and pick the file without ~$")
    if suffix in WORKBOOKS:
        _workbook(path, head)


def _workbook(path: Path, head: bytes) -> None:
    name = path.name
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<!--", b"<head", b"<meta")):
        raise InputError(
            f"{name}: this is a web page with an {path.suffix} name. Open it in Excel and save it as .xlsx"
        )
    if head.startswith((b"\x09\x04\x06\x00", b"\x09\x02\x06\x00", b"\x09\x00\x04\x00")):
        raise InputError(f"{name}: files of Excel 4 and older cannot be read. Save it as .xlsx")
    if head.startswith(_OLE):
        if _encrypted_package(path):
            raise protected(name)
        return
    if head.startswith(b"PK"):
        _zip(path)
    elif path.suffix.lower() != ".xls":
        raise InputError(f"{name}: not an {path.suffix} workbook inside. Save it again in Excel as .xlsx")


def protected(name: str) -> InputError:
    """What to say of an encrypted workbook."""
    return InputError(f"{name}: the workbook is protected by a password. Remove it in Excel and try again.")


def _encrypted_package(path: Path) -> bool:
    with path.open("rb") as file:
        content = file.read(4_000_000)
    return "EncryptedPackage".encode("utf-16-le") in content


def _zip(path: Path) -> None:
    name = path.name
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            seen: set[str] = set()
            for member in members:
                if member.filename.lower() in seen:
                    raise InputError(
                        f"{name}: two parts of the workbook have one name ({member.filename}), so it is not"
                        " clear which is meant. Save it again in Excel."
                    )
                seen.add(member.filename.lower())
            unpacked = sum(m.file_size for m in members)
            packed = max(sum(m.compress_size for m in members), 1)
            if unpacked > MAX_UNPACKED or (unpacked > 50_000_000 and unpacked / packed > MAX_RATIO):
                raise InputError(f"{name}: it would unpack to {unpacked // 1_000_000:,} MB. Refused; save it as csv.")
            for member in members:
                if member.filename.lower().endswith((".xml", ".rels")):
                    with archive.open(member) as part:
                        if b"<!ENTITY" in part.read(4096):
                            raise InputError(f"{name}: contains XML that is not allowed in a workbook. Refused.")
    except InputError:
        raise
    except Exception:  # zipfile has no one word for what is wrong: BadZipFile, zlib.error, UnicodeDecodeError, …
        raise InputError(f"{name}: the file is damaged or was not completely copied. Ask for it again.") from None
