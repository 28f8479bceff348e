"""How long the evidence stores of others can hold up a look."""

from __future__ import annotations

from pathlib import Path

import pytest

from tribune_monitors.reporting.attestations import Attestations


async def test_find__a_store_just_quick_enough_for_each_name__holds_up_a_look_for_a_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = 0.0

    def slow(*_: object, **__: object) -> None:
        nonlocal time
        time += 2.9

    monkeypatch.setattr("tribune_monitors.reporting.attestations.read_attestation", slow)
    attestations = Attestations([str(tmp_path)], timeout_s=3.0, clock=lambda: time)
    names = [f"attestations/{number}.json" for number in range(95)]
    await attestations.find(names)
    assert time <= 10.0
