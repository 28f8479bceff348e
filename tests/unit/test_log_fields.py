"""That one thing has one name in all log lines, so that they can be filtered by it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OTHER_NAMES = {
    "model_id": "model",
    "version_number": "version",
    "frame_index": "frame",
    "case_id": "case",
    "tx_hash": "tx",
    "transaction": "tx",
    "fault": "error",
    "err": "error",
    "exc": "error",
    "reason": "error",
    "why": "error",
    "block_number": "block",
}
_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}


def _is_log(call: ast.Call) -> bool:
    """Whether a call is `get_logger(…).info(…)`, `log.info(…)`, or a `bind` of such a logger."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in _METHODS | {"bind"}:
        return False
    owner = function.value
    if isinstance(owner, ast.Call):
        return isinstance(owner.func, ast.Name) and owner.func.id == "get_logger"
    return isinstance(owner, ast.Name) and owner.id == "log"


def _lines() -> list[tuple[str, set[str]]]:
    found = []
    for folder in ("tribune", "monitors", "bot"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _is_log(node):
                    fields = {one.arg for one in node.keywords if one.arg}
                    found.append((f"{file.relative_to(ROOT)}:{node.lineno}", fields))
    return found


def test_log_lines__of_all_parts__call_a_thing_by_its_one_name() -> None:
    lines = _lines()
    assert len(lines) > 50  # the search finds them
    wrong = {
        where: sorted(fields & OTHER_NAMES.keys()) for where, fields in lines if fields & OTHER_NAMES.keys()
    }
    assert not wrong


@pytest.mark.parametrize("name", ["model", "version"])
def test_log_lines__of_a_frame_of_a_monitor__say_of_which_model_and_version(name: str) -> None:
    about_frames = [(w, fields) for w, fields in _lines() if w.startswith("monitors") and "frame" in fields]
    assert about_frames
    assert [where for where, fields in about_frames if name not in fields] == []
