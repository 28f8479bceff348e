"""What Tribune's actions cost on chain, beside OpenZeppelin's plain governor and EAS in the same run.

Run with `make bench NAME=gas`. Gas of real transactions by their receipts, on a chain where the same actions
always cost the same. Steady state: `bench/costs/tribune.py` says beside each action what is new in it. Both
sides are as a DAO would use them: ballots of voters who never voted in that contract before, attestations by
monitors who attested before. A ratio is theirs to ours. `--check` compares Tribune's actions with the kept
costs in `bench/gas.json`, `--write` states them anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench.costs import eas, plain_governor, tribune
from bench.costs.scene import BALLOTS, scene

KEPT = Path(__file__).resolve().parent / "gas.json"
MOST_RISE = 0.02

_EAS_REPORTS = "three delegated attestations, 10 metrics"
_BALLOT = f"ballot relayed in a batch of {BALLOTS}"
_BIG_ANCHOR = "anchor of a frame of 1,000,000,000 rows"

GOALS = {
    "report, 10 rules, 3 signatures": 140_000,
    "each further rule": 1_500,
    "each further signature": 14_000,
    _BALLOT: 56_000,
    "openCase": 110_000,
    "execution of a pause, model suspended": 90_000,
    "execution of a pause, model running": 90_000,
    _BIG_ANCHOR: 60_000,
    "anchor of an empty frame": 60_000,
    "anchor by the steward's logger": 60_000,
}
"""At most this much gas."""

PEERS = {
    "report, 10 rules, 3 signatures": _EAS_REPORTS,
    "each further rule": "each further metric in three attestations",
    "each further signature": "one delegated attestation, 10 metrics",
    _BALLOT: "castVoteBySig",
    "openCase": "propose",
    "execution of a pause, model suspended": "execute",
    "execution of a pause, model running": "execute",
    _BIG_ANCHOR: "attestation of a manifest",
}
"""What a DAO would use instead."""


def main() -> int:
    """Measure and print one JSON line last; with `--check`, fail on an unstated rise instead."""
    parser = argparse.ArgumentParser(description=__doc__)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--check", action="store_true", help="compare Tribune's actions with the kept costs")
    only.add_argument("--write", action="store_true", help="keep the costs of Tribune's actions")
    given = parser.parse_args()
    with scene() as chain:
        ours = tribune.reports(chain) | tribune.votes(chain)
        if given.check:
            return _check(ours)
        if given.write:
            KEPT.write_text(json.dumps(ours, indent=2) + "\n", encoding="utf-8")
            print(f"{KEPT.name} states the gas of {len(ours)} actions.")
            return 0
        theirs = eas.attestations(chain, tribune.ROWS) | plain_governor.votes(chain)
    for name, gas in theirs.items():
        print(f"{gas:>9,}  {name}")
    rows = [_row(name, gas, theirs.get(PEERS.get(name, ""))) for name, gas in ours.items()]
    before = theirs["castVoteBySig, voted before"]
    rows.append(_row(f"{_BALLOT}, voted before", ours[_BALLOT], before))
    print(json.dumps({"bench": "gas", "rows": rows}))
    return 0


def _row(name: str, ours: int, theirs: int | None) -> dict[str, Any]:
    goal = GOALS.get(name)
    return {
        "name": name,
        "unit": "gas",
        "ours": ours,
        "theirs": theirs,
        "instead": PEERS.get(name),
        "ratio": None if theirs is None else round(theirs / ours, 2),
        "goal": goal,
        "met": None if goal is None else ours <= goal,
    }


def _check(ours: dict[str, int]) -> int:
    kept: dict[str, int] = json.loads(KEPT.read_text(encoding="utf-8"))
    if set(kept) != set(ours):
        print(f"gas: {KEPT.name} states other actions than are measured; `make gas` states them anew.")
        return 1
    risen = [name for name, gas in ours.items() if gas > kept[name] * (1 + MOST_RISE)]
    for name in risen:
        print(f"gas: {name}: {ours[name]:,}, stated as {kept[name]:,}")
    if risen:
        print(f"This rise is more than {MOST_RISE:.0%}. Where it is meant, `make gas` states it.")
        return 1
    print(f"gas: {len(ours)} actions cost what {KEPT.name} states, or up to {MOST_RISE:.0%} more.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
