from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.analysis.slither_check import Finding, compiled, findings, problems

FUNCTION = {
    "type": "function",
    "name": "submit",
    "type_specific_fields": {"parent": {"type": "contract", "name": "ReportHub", "type_specific_fields": {}}},
}
LOCAL = {"type": "variable", "name": "context", "type_specific_fields": {"parent": FUNCTION}}


def found(check: str, impact: str, element: dict[str, Any]) -> dict[str, Any]:
    return {"check": check, "impact": impact, "description": "why\n", "elements": [element]}


def test_findings__high_and_medium__are_named_by_place() -> None:
    report = {
        "results": {
            "detectors": [
                found("a", "High", FUNCTION),
                found("b", "Medium", LOCAL),
                found("c", "Low", FUNCTION),
                found("d", "Informational", FUNCTION),
            ]
        }
    }
    assert findings(report) == [
        Finding("a", "High", "ReportHub.submit", "why"),
        Finding("b", "Medium", "ReportHub.submit.context", "why"),
    ]


def test_findings__none__are_none() -> None:
    assert findings({"results": {}}) == []


def test_problems__explained__are_none() -> None:
    assert problems([Finding("a", "High", "X.f", "why")], [("a", "X.f")]) == []


def test_problems__same_check_elsewhere__is_one() -> None:
    both = [Finding("a", "High", "X.f", "why"), Finding("a", "High", "X.g", "")]
    (problem,) = problems(both, [("a", "X.f")])
    assert "X.g" in problem


def test_problems__explanation_of_nothing__is_one() -> None:
    (problem,) = problems([], [("a", "X.f")])
    assert "X.f" in problem


def test_compiled__counts_contracts_of_the_newest_build(tmp_path: Path) -> None:
    folder = tmp_path / "build-info"
    folder.mkdir()
    nodes = [{"nodeType": "ContractDefinition"}, {"nodeType": "EnumDefinition"}]
    sources = {"a.sol": {"ast": {"nodes": nodes}}, "b.sol": {"ast": {"nodes": nodes[:1]}}}
    (folder / "new.json").write_text(json.dumps({"output": {"sources": sources}}))
    assert compiled(tmp_path) == 2
