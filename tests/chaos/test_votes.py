"""The bot killed at drawn moments while people vote and all else fails: each ballot counts once."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.points import Listed
from chaos.votes import vote_campaign

pytestmark = pytest.mark.alone

KILLS = 5


# Connections that the proxy breaks off are its to lose; Python says of each that nobody closed it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_vote_campaign__killed_at_drawn_moments__each_ballot_once_and_each_is_told_once(
    tmp_path: Path,
) -> None:
    voted = vote_campaign(tmp_path, kills=KILLS, seed=7, points=Listed())
    assert voted.clean, voted
    assert voted.kills >= KILLS
    assert voted.ballots == voted.counted > 0
