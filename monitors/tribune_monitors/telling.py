"""How long work tells whoever waits for it what it does, and how much of that is done."""

from __future__ import annotations

from typing import Protocol


class Say(Protocol):
    """Told of progress."""

    def __call__(self, text: str, share: float | None = None, /) -> None:
        """Take what is being done, and the share of it that is done, 0 to 1; None: not known."""


def say_nothing(_: str, __: float | None = None, /) -> None:
    """Tell nobody."""
