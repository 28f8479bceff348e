"""A few seeded kills of the decision log's writers and sealer; `make chaos ARGS="--run log"` has many."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.log_kills import log_campaign

pytestmark = pytest.mark.alone


def test_log_campaign__some_kills__every_receipt_is_proven_once(tmp_path: Path) -> None:
    killed = log_campaign(tmp_path, kills=12, seed=7)
    assert killed.clean, killed
    assert killed.acknowledged > 0
    assert sum(killed.kills.values()) >= 12
