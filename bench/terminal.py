"""A program in a pseudo-terminal: what it writes, and when."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from pathlib import Path

_ESCAPES = re.compile(r"\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b[PX^_].*?\x1b\\|\x1b\][^\x07]*\x07|\x1b.")


class Terminal:
    """Runs a program and reads its output; times are seconds since it was started."""

    def __init__(self, command: Sequence[str], env: dict[str, str], size: tuple[int, int] = (120, 40)) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **env})
            os.execvp(command[0], list(command))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        os.kill(self.pid, signal.SIGWINCH)
        self.text = ""

    def until(self, marker: str, timeout: float = 30.0) -> float:
        """The time at which a text has been written. The text may be split by escape sequences."""
        end = time.perf_counter() + timeout
        while marker not in _ESCAPES.sub("", self.text):
            left = end - time.perf_counter()
            if left <= 0:
                raise TimeoutError(f"“{marker}” did not appear in:\n{_ESCAPES.sub('', self.text)[-2000:]}")
            if select.select([self.fd], [], [], left)[0]:
                self.text += os.read(self.fd, 1 << 16).decode("utf-8", "replace")
        return time.perf_counter() - self.started

    def quiet(self, seconds: float = 0.25) -> None:
        """Read until nothing was written for so long."""
        while select.select([self.fd], [], [], seconds)[0]:
            self.text += os.read(self.fd, 1 << 16).decode("utf-8", "replace")

    def press(self, keys: str) -> None:
        """Press a key without waiting for anything."""
        os.write(self.fd, keys.encode())

    def key(self, keys: str, marker: str | None = None) -> float:
        """Seconds from pressing a key to the first change of the screen, or to a text."""
        self.text = ""
        begun = time.perf_counter()
        os.write(self.fd, keys.encode())
        if marker is not None:
            self.until(marker)
        else:
            select.select([self.fd], [], [], 3.0)
        return time.perf_counter() - begun

    def processor(self) -> float:
        """Seconds of processor time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Megabytes in memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def tree_memory(pid: int) -> float:
    """Megabytes in memory of a process and all below it."""
    total = 0.0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            status = Path(f"/proc/{one}/status").read_text()
            waiting += [int(p) for p in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        found = re.findall(r"VmRSS:\s+(\d+)", status)
        total += int(found[0]) / 1024 if found else 0
    return total
