"""Quick hooks, and where a command writes what it was told."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tribune.gate.telling.hooks.PAUSES_S", (0.01, 0.05))


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Where the command below writes what it was told, a line each time."""
    return tmp_path / "told"
