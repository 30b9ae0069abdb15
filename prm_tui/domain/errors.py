"""What can go wrong, in words for the person at the terminal.

Every message says what happened, where (file, sheet, cell, field), and what to do next.
"""

from __future__ import annotations


class PrmError(Exception):
    """Something a person can understand and act on; `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(PrmError):
    """The request itself is off: unknown option, field, person or partner, a bad condition."""

    exit_code = 2


class AlreadyThere(UsageError):
    """Something of that code, name or reference is in the file already."""


class DecisionNeeded(PrmError):
    """Only a person can decide; the message names the flag that does. Nothing changed."""

    exit_code = 3


class InputError(PrmError):
    """A file could not be read, or holds nothing that can be taken. Nothing changed."""

    exit_code = 4


class StoreError(PrmError):
    """The database is missing, locked, damaged, foreign or newer than this program. Nothing changed."""

    exit_code = 5


class Cancelled(PrmError):
    """A person stopped it, which is no failure. Nothing was changed."""

    exit_code = 130
