"""A few faults of node and clock under running workers: a frame that is due meanwhile is reported once."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.campaign import fault_campaign
from chaos.faults import CASES, clocks
from chaos.scene import LIBFAKETIME

pytestmark = pytest.mark.alone


# Connections that the proxy breaks off are its to lose; Python says of each that nobody closed it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_fault_campaign__node_and_reorganisation__nothing_lost_or_duplicated(tmp_path: Path) -> None:
    cases = [case for case in CASES if case.quick]
    assert len(cases) == 3
    outcome = fault_campaign(tmp_path, cases=cases)
    assert outcome.clean, outcome
    assert outcome.ledger.due == outcome.ledger.reported == 3 * outcome.frames


@pytest.mark.skipif(not LIBFAKETIME.exists(), reason="needs libfaketime")
def test_fault_campaign__clocks_ten_minutes_fast_and_slow__nothing_lost_or_duplicated(
    tmp_path: Path,
) -> None:
    outcome = fault_campaign(tmp_path, cases=[case for case in CASES if case.act is clocks])
    assert [said for _, said, _ in outcome.outcomes] == ["ok"]
    assert outcome.clean, outcome
    assert outcome.ledger.due == outcome.ledger.reported == 3 * outcome.frames
