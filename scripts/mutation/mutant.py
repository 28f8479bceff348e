"""What a mutant is: one place of one file written differently."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes `start` to `start + length` of a file replaced by `text`, by the rule named `operator`."""

    operator: str
    start: int
    length: int
    text: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """An edit with what people need to find it again.

    Args:
        target: name of the contract that it changes.
        file: relative to the project.
        function: where it is, empty outside functions.
        line: its first line in the file, from 1.
        before: the lines concerned as they are, white space folded.
        after: the same lines as the mutant has them.
        nth: which of several alike in the same function, from 0.
        edit: the change itself.
    """

    target: str
    file: str
    function: str
    line: int
    before: str
    after: str
    nth: int
    edit: Edit

    @property
    def key(self) -> str:
        """Name that stays while its function's text around it does, wherever the lines move to."""
        parts = (self.file, self.function, self.before, self.after, str(self.nth))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]

    def applied(self, source: bytes) -> str:
        """Return the file's text with the change made."""
        edit = self.edit
        return (source[: edit.start] + edit.text.encode() + source[edit.start + edit.length :]).decode()


def described(source: bytes, edit: Edit) -> tuple[int, str, str]:
    """Return the first line that an edit touches, and the lines before and after, white space folded."""
    end = edit.start + edit.length
    first = source.rfind(b"\n", 0, edit.start) + 1
    last = source.find(b"\n", end)
    last = len(source) if last < 0 else last
    after = source[first : edit.start] + edit.text.encode() + source[end:last]
    line = source.count(b"\n", 0, edit.start) + 1
    return line, _folded(source[first:last]), _folded(after)


def _folded(text: bytes) -> str:
    return " ".join(text.decode().split())
