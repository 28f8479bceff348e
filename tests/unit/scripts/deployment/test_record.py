from __future__ import annotations

from pathlib import Path

from scripts.deployment import record
from tribune.chain.deployments import load_deployment
from unit.scripts.deployment.samples import config, where


def test_write__read_by_the_other_parts__the_same(tmp_path: Path) -> None:
    path = record.write(tmp_path / "deployments", 5, 12, where(), config())
    found = load_deployment(path.parent, 5)
    assert (found.chain_id, found.block, dict(found.addresses)) == (5, 12, where())
    assert found.parameters["vote_span_s"] == config().vote_span_s
