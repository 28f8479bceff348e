"""The campaign of faults: each in turn under the same workers, then the account of all of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.faults import CASES, Case
from chaos.ledger import Ledger
from chaos.scene import scene, settled
from support.postgres import Postgres


@dataclass
class Faulted:
    """What came of it."""

    store: str
    outcomes: list[tuple[str, str, float]]
    """Name, outcome in words ("ok" where it is), wall seconds."""
    frames: int
    restarts: int
    ledger: Ledger
    took_s: float

    @property
    def clean(self) -> bool:
        """Whether workers made up for each fault that could be done, and nothing was lost or duplicated."""
        return self.ledger.clean and all(said.startswith(("ok", "not run")) for _, said, _ in self.outcomes)

    @property
    def row(self) -> dict[str, object]:
        """The numbers."""
        return {
            "campaign": f"faults, {self.store}",
            "kills": 0,
            "faults": sum(not said.startswith("not run") for _, said, _ in self.outcomes),
            "frames": self.frames,
            **self.ledger.numbers,
            "not_run": [f"{name}: {said}" for name, said, _ in self.outcomes if said.startswith("not run")],
            "restarts": self.restarts,
            "seconds": round(self.took_s, 1),
            "ok": self.clean,
        }


def fault_campaign(
    root: Path, *, postgres: Postgres | None = None, cases: Sequence[Case] = CASES, loud: bool = False
) -> Faulted:
    """Do these faults in turn; return what came of them.

    Args:
        root: empty folder.
        postgres: gives each monitor a database; None: SQLite files.
        cases: the faults.
        loud: say how it goes on.
    """
    began = time.monotonic()
    outcomes = []
    with scene(root, postgres) as made:
        for case in cases:
            start = time.monotonic()
            try:
                case.act(made)
                said = "ok"
            except NotImplementedError as why:
                said = f"not run: {why}"
            except Exception as fault:  # whatever a fault leads to, the others come next
                said = f"FAILED: {type(fault).__name__}: {fault}"[:3000]
                made.proxy.well()
            outcomes.append((case.name, said, time.monotonic() - start))
            if loud:
                print(f"  {outcomes[-1][2]:6.1f} s  {case.name}: {said}", flush=True)
        ledger = settled(made)
        frames, restarts = len(made.frames), made.restarts
    store = "postgres" if postgres else "sqlite"
    return Faulted(store, outcomes, frames, restarts, ledger, time.monotonic() - began)
