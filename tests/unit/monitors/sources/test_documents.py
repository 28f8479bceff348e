"""Profiles by their digest, from several stores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tribune.exceptions import EvidenceError
from tribune.ids import Digest
from tribune.reports.canonical import cid
from tribune.reports.evidence_store import write_evidence
from tribune_monitors.sources.documents import load_profile
from unit.metrics.samples import profile_of, rows

PROFILE = profile_of(rows(50))
DOCUMENT = json.loads(PROFILE.canonical)


def test_load_profile__second_store_has_it__found(tmp_path: Path) -> None:
    write_evidence(tmp_path / "b", DOCUMENT)
    found = load_profile([str(tmp_path / "a"), str(tmp_path / "b")], PROFILE.digest)
    assert found == PROFILE


def test_load_profile__first_store_holds_another_document__read_from_the_second(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / cid(PROFILE.digest)).write_bytes(b"{}")
    write_evidence(tmp_path / "b", DOCUMENT)
    assert load_profile([str(tmp_path / "a"), str(tmp_path / "b")], PROFILE.digest) == PROFILE


def test_load_profile__nowhere__says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="TRIBUNE_EVIDENCE_READ_URLS"):
        load_profile([str(tmp_path)], Digest(b"\1" * 32))
