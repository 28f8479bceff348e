"""Run slither over our contracts and fail on any finding of high or medium impact that is not explained here.

Also fails where slither looked at fewer contracts than were compiled: it reports nothing and exits clean
where its build went wrong. slither makes the build itself, in forge's profile `analysis`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "analysis"
TIMEOUT_S = 900

DEFAULT_IS_MEANT = "what a new local variable holds is 0, and 0 is what it should begin with"
FILLED_BY_PUSH = "filled by push through a storage pointer, which slither 0.11.6 does not see"
ENUMS = "compares an enum, which has no value between"
EXPLAINED: Mapping[tuple[str, str], str] = {
    ("uninitialized-state", "ModelRegistry._versions"): FILLED_BY_PUSH,
    ("uninitialized-state", "PolicyBook._entries"): FILLED_BY_PUSH,
    (
        "divide-before-multiply",
        "PolicyBook._boundary",
    ): "rounds to a multiple of the step, on purpose",
    ("incorrect-equality", "KillSwitch._oversight"): ENUMS,
    ("incorrect-equality", "KillSwitch.statusOf"): ENUMS,
    (
        "incorrect-equality",
        "InferenceEscrow._fund",
    ): "exactly the deposit must arrive",
    ("incorrect-equality", "TribuneWrappedToken.depositFor"): "exactly the deposit must arrive",
    (
        "reentrancy-no-eth",
        "ReportHub.submit",
    ): "calls the switch alone, and that our views alone",
    ("uninitialized-local", "ReportHub.submit.context"): "all of its fields are set in the lines that follow",
    ("uninitialized-local", "Judgement._missed.next"): DEFAULT_IS_MEANT,
    ("uninitialized-local", "Judgement._judge.caseId"): DEFAULT_IS_MEANT,
    ("uninitialized-local", "Watch.pokeStale.breach"): "a stale frame has neither value, limit nor evidence",
    ("uninitialized-local", "Attestations._count.added"): DEFAULT_IS_MEANT,
    ("uninitialized-local", "HolderCalls._use.previous"): DEFAULT_IS_MEANT,
    ("uninitialized-local", "Guardian.guardianSuspend.record"): "what a record does not say is 0",
    ("uninitialized-local", "Suspensions._onBreach.record"): "what a record does not say is 0",
    ("uninitialized-local", "CaseVotes.openHolderCase.record"): "what a record does not say is 0",
    ("unused-return", "Signatures.isValid"): "the third value only explains a fault that is refused anyway",
    ("unused-return", "Judgement._hits"): "the value is used; slither misreads a call on a user-defined type",
    ("unused-return", "CaseVotes.openHolderCase"): "asked only because it reverts for an unknown version",
}
"""(check, place) → why it is no fault. Nothing else of high or medium impact may be found."""


@dataclass(frozen=True)
class Finding:
    """One finding of slither."""

    check: str
    impact: str
    place: str
    text: str


def findings(report: Mapping[str, Any]) -> list[Finding]:
    """Return slither's findings of high and medium impact; a place is `Contract.function` or `.variable`."""
    found = []
    for item in report["results"].get("detectors", ()):
        if item["impact"] in {"High", "Medium"}:
            place = _place(item["elements"][0])
            found.append(Finding(item["check"], item["impact"], place, item["description"].strip()))
    return found


def compiled(build: Path) -> int:
    """Return how many contracts, libraries and interfaces the newest build holds."""
    newest = max((build / "build-info").glob("*.json"), key=lambda path: path.stat().st_mtime)
    sources = json.loads(newest.read_text(encoding="utf-8"))["output"]["sources"]
    nodes = (node for source in sources.values() for node in source["ast"]["nodes"])
    return sum(1 for node in nodes if node["nodeType"] == "ContractDefinition")


def problems(found: Iterable[Finding], explained: Iterable[tuple[str, str]]) -> list[str]:
    """Return findings that nothing explains, and explanations that explain nothing any more."""
    found = list(found)
    places = {(finding.check, finding.place) for finding in found}
    explained = set(explained)
    return [
        f"{finding.impact}: {finding.check} in {finding.place}\n{finding.text}"
        for finding in found
        if (finding.check, finding.place) not in explained
    ] + [f"No longer found, take it off the list: {check} in {place}" for check, place in explained - places]


def run(slither: str, forge: str, target: Path) -> int:
    """Run slither, write its report to `target`, and return how many contracts it says it analysed."""
    target.unlink(missing_ok=True)
    answer = subprocess.run(  # noqa: S603 - the Makefile names the program
        [
            slither,
            ".",
            *(
                "--compile-force-framework",
                "foundry",
                "--foundry-out-directory",
                str(BUILD.relative_to(ROOT)),
            ),
            *("--filter-paths", "node_modules|tests/|contracts/mocks", "--json", str(target)),
        ],
        cwd=ROOT,
        env=os.environ
        | {"FOUNDRY_PROFILE": "analysis", "PATH": f"{Path(forge).resolve().parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    counted = re.search(r"analyzed \((\d+) contracts", answer.stdout + answer.stderr)
    if counted is None or not target.exists():
        raise SystemExit(f"slither did not come to an end:\n{answer.stdout[-2000:]}{answer.stderr[-2000:]}")
    return int(counted[1])


def main(arguments: list[str] | None = None) -> int:
    """Return 0 if slither looked at all that was compiled and found nothing unexplained, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slither", required=True)
    parser.add_argument("--forge", required=True)
    options = parser.parse_args(arguments)
    target = ROOT / "build" / "slither.json"
    target.parent.mkdir(exist_ok=True)
    analysed, expected = run(options.slither, options.forge, target), compiled(BUILD)
    found = findings(json.loads(target.read_text(encoding="utf-8")))
    wrong = problems(found, EXPLAINED)
    if analysed != expected or expected == 0:
        wrong.append(f"slither analysed {analysed} contracts, but {expected} were compiled.")
    for problem in wrong:
        print(problem, file=sys.stderr)
    print(f"slither: {analysed} contracts, {len(found)} findings explained, {len(wrong)} problems")
    return 1 if wrong else 0


def _place(element: Mapping[str, Any]) -> str:
    names = [element["name"]]
    while parent := element.get("type_specific_fields", {}).get("parent"):
        element = parent
        if element["type"] in {"function", "contract"}:
            names.append(element["name"])
    return ".".join(reversed(names))


if __name__ == "__main__":
    raise SystemExit(main())
