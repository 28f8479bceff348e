"""The oversight state in words."""

from __future__ import annotations

import pytest

from tribune.chain.enums import Oversight
from tribune.reports.oversight import independence, watched


@pytest.mark.parametrize(
    ("oversight", "in_service", "words"),
    [
        (Oversight.HEALTHY, True, "no report on it is overdue"),
        (Oversight.HEALTHY, False, "out of service, so nobody measures it"),
        (Oversight.BREACHED, False, "broke a rule"),
        (Oversight.STALE, True, "nobody has measured it in time"),
        (Oversight.DISPUTED, True, "contradict each other"),
    ],
)
def test_watched__each_state__is_told(oversight: Oversight, in_service: bool, words: str) -> None:
    assert words in watched(oversight, in_service=in_service)


@pytest.mark.parametrize(("panel", "words"), [(1, "one monitor, not independent"), (2, ""), (96, "")])
def test_independence__a_panel__said_of_one_alone(panel: int, words: str) -> None:
    assert independence(panel) == words
