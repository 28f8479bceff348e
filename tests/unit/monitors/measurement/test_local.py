"""Data of one's own: the same evidence, whether its files were counted before or not."""

from __future__ import annotations

from pathlib import Path

from tribune.metrics import Policy
from tribune_monitors.measurement.local import measure_source
from tribune_monitors.sources.spec import Reading, SourceSpec

from ...metrics.samples import profile_of, rows
from ..engines.files import write_decisions


def test_measure_source__tallies_kept__counts_again_to_the_same_bytes(tmp_path: Path) -> None:
    data = tmp_path / "log"
    data.mkdir()
    for part in range(3):
        write_decisions(data / f"{part}.parquet", rows(50, part), 50 * part)
    source, profile = SourceSpec(Reading(data=str(data))), profile_of(rows(300))
    kept = tmp_path / "kept"
    found = [
        measure_source(source, profile, Policy(()), tmp_path / name, tallies=folder).evidence.data
        for name, folder in (("plain", None), ("first", kept), ("again", kept))
    ]
    assert found[0] == found[1] == found[2]
    assert len(list(kept.iterdir())) == 3


def test_measure_source__many_columns_and_files__says_how_much_is_counted(tmp_path: Path) -> None:
    data = tmp_path / "log"
    data.mkdir()
    for part in range(2):
        write_decisions(data / f"{part}.parquet", rows(50, part), 50 * part)
    source, profile = SourceSpec(Reading(data=str(data))), profile_of(rows(300))
    for name, folder, counts in (("at once", None, 1), ("each", tmp_path / "kept", 2)):
        shares: list[float] = []

        def say(text: str, share: float | None = None, /, kept: list[float] = shares) -> None:
            if text == "Counting" and share is not None:
                kept.append(share)

        measure_source(source, profile, Policy(()), tmp_path / name, tallies=folder, say=say)
        assert max(shares) == 1
        assert len(shares) % counts == 0
        assert 0 < min(shares) <= counts / len(shares)
