"""Write `docs/contracts/*.md` from the contracts' NatSpec; `--check` fails where a page is stale.

Run after `ape compile`, as `python -m scripts.contract_reference`. A public member of ours that says nothing
of itself is an error, with `--check` or without.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from scripts.reference.page import gaps, index, page
from scripts.reference.sources import Sources

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build" / "__local__.json"
TARGET = ROOT / "docs" / "contracts"


def rendered(root: Path, build: Path) -> tuple[dict[str, str], list[str]]:
    """Return file name → text of every page, and the members that say nothing of themselves.

    What is deployed has a page, what others import (interfaces) and what they inherit (`contracts/examples`).
    """
    sources = Sources.of(root)
    types = json.loads(build.read_text(encoding="utf-8"))["contractTypes"]
    names = [
        name
        for name, unit in sorted(sources.units.items())
        if name in types and (unit.kind in ("contract", "interface") or "/examples/" in unit.path)
    ]
    pages = {f"{name}.md": page(name, types[name], sources) for name in names}
    missing = [gap for name in names for gap in gaps(name, types[name], sources)]
    return {**pages, "README.md": index(names, sources)}, missing


def main() -> int:
    """Write or check the pages; return 1 where one is stale or a member says nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail where a file differs")
    check = parser.parse_args().check
    if not BUILD.exists():
        raise SystemExit("The contracts are not compiled. Run `make compile` first.")
    pages, missing = rendered(ROOT, BUILD)
    if missing:
        print(f"Without NatSpec: {', '.join(missing)}. Say in a @notice what each is.")
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    stale = [name for name, text in pages.items() if _read(TARGET / name) != text]
    surplus = sorted(path.name for path in TARGET.glob("*.md") if path.name not in pages)
    if check and (stale or surplus):
        print(
            f"Stale pages in docs/contracts: {', '.join(stale + surplus)}. Run `make abis` and commit them."
        )
        return 1
    for name in stale:
        (TARGET / name).write_text(pages[name], encoding="utf-8")
    for name in surplus:
        (TARGET / name).unlink()
    print(
        f"Contract reference {'written: ' + ', '.join(stale + surplus) if stale or surplus else 'is fresh'}."
    )
    return 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
