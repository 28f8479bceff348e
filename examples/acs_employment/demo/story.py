"""What the demo says: live lines with the time since its start, and the closing table. Holds no figure."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """A row of the closing table."""

    name: str
    block: int | None
    transaction: str
    seconds: float


@dataclass
class Story:
    """The run as told to a person."""

    started: float = field(default_factory=time.monotonic)
    steps: list[Step] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _last: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def say(self, text: str) -> None:
        """Print a line with the time since the start."""
        whole = int(self.elapsed_s)
        line = f"{whole // 60}:{whole % 60:02d}  {text}"
        self.said.append(line)
        print(line, flush=True)

    def step(self, name: str, *, block: int | None = None, transaction: str = "") -> None:
        """Note a row of the closing table; its duration is the time since the row before it."""
        now = time.monotonic()
        self.steps.append(Step(name, block, transaction, now - self._last))
        self._last = now

    def table(self) -> str:
        """Return the closing table."""
        rows = [("step", "block", "transaction", "seconds")]
        for step in self.steps:
            block = "" if step.block is None else str(step.block)
            short = f"{step.transaction[:10]}…{step.transaction[-4:]}" if step.transaction else ""
            rows.append((step.name, block, short, f"{step.seconds:.1f}"))
        rows.append(("in all", "", "", f"{self.elapsed_s:.1f}"))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = []
        for row in rows:
            cells = (f"{cell:{side}{width}}" for cell, side, width in zip(row, "<><>", widths, strict=True))
            lines.append("  ".join(cells))
        lines.insert(1, "  ".join("─" * width for width in widths))
        return "\n".join(lines)
