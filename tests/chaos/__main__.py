"""`python -m chaos`: run campaigns, print what came of them, and fail unless nothing was lost or duplicated.

PYTHONPATH=.:monitors:bot:tests python -m chaos --frames 100 --kills 200 --seed 7 --store both
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path

from chaos.campaign import fault_campaign
from chaos.faults import CASES
from chaos.kills import Killed, kill_campaign
from support.postgres import Postgres

COLUMNS = (
    "campaign",
    "kills",
    "faults",
    "due",
    "reported",
    "lost",
    "duplicated",
    "unreadable",
    "seconds",
    "ok",
)


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--frames", type=int, default=100, help="at least so many, on each store")
    parser.add_argument("--kills", type=int, default=200, help="at least so many, on each store")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--faults", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--only", default="", help="faults with this in their name")
    parser.add_argument("--keep", type=Path, help="folder for all files, kept")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that processes and databases are ended too
    rows: list[dict[str, object]] = []
    with ExitStack() as stack:
        root = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tribune-chaos-")))
        for store in ("sqlite", "postgres") if chosen.store == "both" else (chosen.store,):
            postgres = None
            if store == "postgres":
                postgres = Postgres.start()
                stack.callback(postgres.stop)
            folder = root / f"kills-{store}"
            folder.mkdir(parents=True)
            if chosen.faults:
                (root / f"faults-{store}").mkdir(parents=True)
                print(f"Faults, {store}", flush=True)
                cases = [case for case in CASES if chosen.only in case.name]
                rows.append(
                    fault_campaign(root / f"faults-{store}", postgres=postgres, cases=cases, loud=True).row
                )
            if not chosen.kills:
                continue
            print(f"Kills, {store}", flush=True)
            killed = kill_campaign(
                folder,
                frames=chosen.frames,
                kills=chosen.kills,
                seed=chosen.seed,
                postgres=postgres,
                loud=True,
            )
            _show(killed)
            rows.append(killed.row)
    print()
    _table(rows)
    good = all(row["ok"] for row in rows)
    print(json.dumps({"chaos": "Tribune", "seed": chosen.seed, "ok": good, "rows": rows}))
    return 0 if good else 1


def _show(killed: Killed) -> None:
    print(f"  died while it was to ({killed.kills} kills at {len(killed.by_function)} different points):")
    for step, n in killed.by_step.most_common():
        print(f"    {n:4d}  {step}")
    for words in killed.unexpected:
        print(f"  UNEXPECTED: {words}")
    ledger = killed.ledger
    for name in ("lost", "duplicated", "unreadable", "disagreed"):
        if found := getattr(ledger, name):
            print(f"  {name.upper()}: {found}")


def _table(rows: list[dict[str, object]]) -> None:
    widths = [max(len(name), *(len(str(row[name])) for row in rows)) for name in COLUMNS]
    for line in (COLUMNS, *(tuple(str(row[name]) for name in COLUMNS) for row in rows)):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
