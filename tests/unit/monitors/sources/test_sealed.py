"""Sealed frames as a monitor reads them: right, changed, missing, named otherwise."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import pytest

from tribune.decisions.anchor import Manifest, anchor_word, log_folder, manifest_digest
from tribune.decisions.frames.sealing import seal_evaluation
from tribune.decisions.leaf import Decision, LogSchema
from tribune.exceptions import EvidenceError
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber
from tribune_monitors.sources.sealed import SealedFrame, SealedLog

MODEL, VERSION, ZERO = ModelId(1), VersionNumber(2), FrameIndex(0)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    decisions = [Decision(f"d{i}", i, {"age": 30.0 + i}, "1", 0.5) for i in range(5)]
    labels = [("d1", 9, "0")]
    schema = LogSchema({"age": "numeric"})
    return seal_evaluation(tmp_path, schema, decisions, labels, model_id=MODEL, version=VERSION)


def read(root: Path, word: Digest, *keys: bytes, model: int = 1, version: int = 2) -> SealedFrame:
    return SealedLog(root).read(ModelId(model), VersionNumber(version), ZERO, word=word, keys=keys)


def test_read__as_sealed__paths_of_decisions_and_labels(tmp_path: Path, manifest: Manifest) -> None:
    frame = read(tmp_path, anchor_word(manifest))
    assert [path.name for path in frame.decisions] == ["part-0000.parquet"]
    assert [path.name for path in frame.labels] == ["labels-0000.parquet"]
    assert all(path.exists() for path in (*frame.decisions, *frame.labels))


def test_read__keys__macs_of_all_files_in_manifest_order(tmp_path: Path, manifest: Manifest) -> None:
    frame = read(tmp_path, anchor_word(manifest), b"mine", b"peer")
    files = [path.read_bytes() for path in (*frame.decisions, *frame.labels)]
    for key, macs in zip((b"mine", b"peer"), frame.macs, strict=True):
        assert list(macs) == [hmac.digest(key, data, hashlib.sha256) for data in files]


@pytest.mark.parametrize("name", ["part-0000.parquet", "labels-0000.parquet"])
@pytest.mark.parametrize("place", [0, 100, -1])
def test_read__one_bit_changed__refused(tmp_path: Path, manifest: Manifest, name: str, place: int) -> None:
    path = log_folder(tmp_path, MODEL, VERSION) / "frames/0" / name
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(EvidenceError, match="was changed"):
        read(tmp_path, anchor_word(manifest))


def test_read__changed_since_it_was_read__refused(tmp_path: Path, manifest: Manifest) -> None:
    log, word = SealedLog(tmp_path), anchor_word(manifest)
    path = log.read(MODEL, VERSION, ZERO, word=word).decisions[0]
    data, times = bytearray(path.read_bytes()), path.stat()
    data[100] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(EvidenceError, match="was changed"):
        log.read(MODEL, VERSION, ZERO, word=word)


def test_read__file_missing__refused(tmp_path: Path, manifest: Manifest) -> None:
    (log_folder(tmp_path, MODEL, VERSION) / "frames/0/part-0000.parquet").unlink()
    with pytest.raises(EvidenceError, match="missing"):
        read(tmp_path, anchor_word(manifest))


def test_read__manifest_changed__refused(tmp_path: Path, manifest: Manifest) -> None:
    path = log_folder(tmp_path, MODEL, VERSION) / "frames/0/manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"rows":5', b'"rows":4'))
    with pytest.raises(EvidenceError):
        read(tmp_path, anchor_word(manifest))


def test_read__other_word__refused(tmp_path: Path, manifest: Manifest) -> None:
    other = Digest(bytes(a ^ 1 for a in manifest_digest(manifest)))
    with pytest.raises(EvidenceError, match="not the one that the chain names"):
        read(tmp_path, other)


def test_read__not_sealed__refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="not sealed"):
        read(tmp_path, Digest(b"\1" * 32))


def test_read__manifest_of_another_version__refused(tmp_path: Path, manifest: Manifest) -> None:
    log_folder(tmp_path, MODEL, VERSION).rename(log_folder(tmp_path, MODEL, VersionNumber(3)))
    with pytest.raises(EvidenceError, match="not the one that the chain names"):
        read(tmp_path, anchor_word(manifest), version=3)
