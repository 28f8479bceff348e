"""`python -m chaos`: run campaigns, print what came of them, and fail unless nothing was lost or duplicated.

    PYTHONPATH=.:monitors:bot:tests python -m chaos --frames 100 --kills 200 --seed 7 --store both

Without `--run` all campaigns, which takes some two hours: those of kills, faults, a compromised member and
votes on each store, then the others.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
import warnings
from contextlib import ExitStack
from pathlib import Path

from chaos.campaign import fault_campaign
from chaos.compromised import compromised_campaign
from chaos.day import backlog, day
from chaos.faults import CASES
from chaos.kills import Killed, kill_campaign
from chaos.log_kills import log_campaign
from chaos.votes import Voted, vote_campaign
from support.postgres import Postgres

CAMPAIGNS = ("kills", "faults", "compromised", "votes", "day", "backlog", "log")
COLUMNS = (
    *("campaign", "kills", "faults", "frames", "due", "reported"),
    *("lost", "duplicated", "unreadable", "seconds", "ok"),
)


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; return the exit code."""
    chosen = _parser().parse_args(arguments)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that processes and databases are ended too
    began = time.monotonic()
    rows: list[dict[str, object]] = []
    with ExitStack() as stack:
        root = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tribune-chaos-")))
        for store in ("sqlite", "postgres") if chosen.store == "both" else (chosen.store,):
            postgres = Postgres.start() if store == "postgres" else None
            if postgres is not None:
                stack.callback(postgres.stop)
            for name in chosen.run:
                alike = name in ("day", "backlog", "log")  # each once: they are about load, or have no store
                if alike and any(row["campaign"] == name for row in rows):
                    continue
                folder = root / f"{name}-{store}"
                folder.mkdir(parents=True)
                print(f"{name}, {store}", flush=True)
                rows.append(_campaign(name, folder, postgres, chosen))
    print()
    _table(rows)
    good = all(row["ok"] for row in rows)
    took = round(time.monotonic() - began, 1)
    print(json.dumps({"chaos": "Tribune", "seed": chosen.seed, "seconds": took, "ok": good, "rows": rows}))
    return 0 if good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--frames", type=int, default=100, help="of the kills: at least so many")
    parser.add_argument("--kills", type=int, default=200, help="at least so many")
    parser.add_argument("--kill-models", type=int, default=2, help="of the kills: models side by side")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--run", nargs="+", choices=CAMPAIGNS, default=CAMPAIGNS)
    parser.add_argument("--only", default="", help="faults with this in their name")
    parser.add_argument("--hostile-frames", type=int, default=18)
    parser.add_argument("--models", type=int, default=20, help="of the day")
    parser.add_argument("--monitors", type=int, default=5, help="of the day")
    parser.add_argument("--day-frames", type=int, default=24, help="of each model")
    parser.add_argument("--backlog-frames", type=int, default=1000)
    parser.add_argument("--keep", type=_folder, help="folder for all files, kept")
    return parser


def _folder(name: str) -> Path:
    return Path(name).resolve()  # workers have folders of their own


def _campaign(
    name: str, root: Path, postgres: Postgres | None, chosen: argparse.Namespace
) -> dict[str, object]:
    if name == "kills":
        size = {
            "frames": chosen.frames,
            "kills": chosen.kills,
            "seed": chosen.seed,
            "models": chosen.kill_models,
        }
        killed = kill_campaign(root, **size, postgres=postgres, loud=True)
        _show(killed)
        return killed.row
    if name == "faults":
        cases = [case for case in CASES if chosen.only in case.name]
        return fault_campaign(root, postgres=postgres, cases=cases, loud=True).row
    if name == "compromised":
        return compromised_campaign(root, frames=chosen.hostile_frames, postgres=postgres, loud=True).row
    if name == "votes":
        voted = vote_campaign(root, kills=chosen.kills, seed=chosen.seed, postgres=postgres, loud=True)
        _show_votes(voted)
        return voted.row
    if name == "log":
        killed_log = log_campaign(root, kills=chosen.kills, seed=chosen.seed, loud=True)
        for words in (*killed_log.lost, *killed_log.duplicated, *killed_log.unproven):
            print(f"  LOST, TWICE OR UNPROVEN: {words}")
        return killed_log.row
    if name == "day":
        size = {"models": chosen.models, "monitors": chosen.monitors, "frames": chosen.day_frames}
        return day(root, **size, loud=True).row
    return backlog(root, frames=chosen.backlog_frames, loud=True).row


def _show(killed: Killed) -> None:
    _show_deaths(killed)
    ledger = killed.ledger
    for name in ("lost", "duplicated", "unreadable", "disagreed"):
        if found := getattr(ledger, name):
            print(f"  {name.upper()}: {found}")


def _show_votes(voted: Voted) -> None:
    _show_deaths(voted)
    for name in ("lost", "duplicated", "untrue"):
        if found := getattr(voted, name):
            print(f"  {name.upper()}: {found}")


def _show_deaths(of: Killed | Voted) -> None:
    print(f"  died while it was to ({of.kills} kills at {len(of.by_function)} different points):")
    for step, n in of.by_step.most_common():
        print(f"    {n:4d}  {step}")
    for words in of.unexpected:
        print(f"  UNEXPECTED: {words}")


def _table(rows: list[dict[str, object]]) -> None:
    widths = [max(len(name), *(len(str(row[name])) for row in rows)) for name in COLUMNS]
    for line in (COLUMNS, *(tuple(str(row[name]) for name in COLUMNS) for row in rows)):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
