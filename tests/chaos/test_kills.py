"""Workers killed at the steps that matter most, on both databases: each frame is reported once."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.kills import kill_campaign
from chaos.points import Listed
from chaos.watching import Point
from support.postgres import Postgres

pytestmark = pytest.mark.alone

POINTS = (
    Point("tribune.reports.evidence_store:write_everywhere", 1, after=True, starting=False),
    Point("tribune.store.queries:store_signature", 1, after=True, starting=False),
    Point("database:commit", 3, after=True, starting=False),
    Point("tribune.reports.attestation:write_attestation", 1, after=True, starting=False),
    Point("tribune.chain.client:Chain.send_raw", 1, after=False, starting=False),
    Point("tribune_monitors.reporting.settling:Settling._sent", 1, after=False, starting=False),
)
"""Evidence written; signature stored, not committed; committed; published; before and after sending."""


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_kill_campaign__at_the_steps_that_matter__nothing_lost_or_duplicated(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    postgres: Postgres | None = None if store == "sqlite" else request.getfixturevalue("postgres_server")
    points = Listed(*POINTS)
    killed = kill_campaign(tmp_path, frames=3, kills=6, seed=7, postgres=postgres, points=points, recompute=1)
    assert killed.clean, killed
    assert killed.ledger.due == killed.ledger.reported == 3 * killed.frames
    assert killed.kills >= 6
    assert killed.recomputed == 1
    asked = {f"{'after' if point.after else 'before'} {point.step}" for point in POINTS}
    assert len(asked & set(killed.by_function)) >= 4  # another's transaction may leave one nothing to send
