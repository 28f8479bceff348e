"""Write the ABIs that Python reads, from the compiled contracts; `--check` fails where one is stale.

Run after `ape compile`. It never compiles by itself, and writes nothing but `tribune/chain/abi/*.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build" / "__local__.json"
TARGET = ROOT / "tribune" / "chain" / "abi"
CONTRACTS = (
    "DecisionLog",
    "KillSwitch",
    "ModelRegistry",
    "MonitorRegistry",
    "OversightGovernor",
    "PauseGovernor",
    "PolicyBook",
    "ReportHub",
    "TribuneAccessManager",
    "TribuneTimelock",
    "TribuneToken",
)


def rendered(build: Path) -> dict[str, str]:
    """Return file name → text for each contract; raise SystemExit where the build lacks one."""
    types = json.loads(build.read_text())["contractTypes"]
    missing = [name for name in CONTRACTS if name not in types]
    if missing:
        raise SystemExit(f"{build} lacks {', '.join(missing)}. Run `make compile` first.")
    return {
        f"{name}.json": json.dumps(types[name]["abi"], indent=1, sort_keys=True) + "\n" for name in CONTRACTS
    }


def main() -> int:
    """Write or check the ABIs; return 1 where `--check` finds a stale one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail where a file differs")
    arguments = parser.parse_args()
    if not BUILD.exists():
        raise SystemExit("The contracts are not compiled. Run `make compile` first.")
    stale = []
    for name, text in rendered(BUILD).items():
        path = TARGET / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if not arguments.check:
                path.write_text(text)
    if arguments.check and stale:
        print(f"Stale ABIs: {', '.join(stale)}. Run `make abis` and commit them.")
        return 1
    print(f"ABIs {'are fresh' if arguments.check or not stale else 'written: ' + ', '.join(stale)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
