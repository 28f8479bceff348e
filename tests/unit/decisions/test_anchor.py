"""Manifests: their word against eth_abi, and what reading one back refuses."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import rfc8785
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tribune.decisions.anchor import (
    Manifest,
    Partition,
    anchor_word,
    frame_folder,
    manifest_bytes,
    parse_manifest,
    read_manifest,
    verify_partitions,
)
from tribune.exceptions import EvidenceError
from tribune.ids import Digest, FrameIndex
from unit.decisions.rows import LATE, decision, sealer, write

ONE = FrameIndex(1)


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, Manifest]:
    write(tmp_path, decision("a", 1), decision("b", 2))
    return sealer(tmp_path).folder, sealer(tmp_path).seal(ONE, now=LATE)


def test_anchor_word__of_a_frame__is_keccak_of_abi_encode(sealed: tuple[Path, Manifest]) -> None:
    folder, manifest = sealed
    sha256 = hashlib.sha256((frame_folder(folder, ONE) / "manifest.json").read_bytes()).digest()
    encoded = encode(["bytes32", "bytes32", "uint64"], [sha256, manifest.merkle_root, 2])
    assert anchor_word(manifest) == keccak(encoded)


def test_manifest_bytes__of_a_frame__are_the_file_and_the_agreed_document(
    sealed: tuple[Path, Manifest],
) -> None:
    folder, manifest = sealed
    data = (frame_folder(folder, ONE) / "manifest.json").read_bytes()
    assert manifest_bytes(manifest) == data
    path = folder / "frames/1/part-0000.parquet"
    assert json.loads(data) == {
        "schema": "tribune/manifest/1",
        "model": 1,
        "version": 2,
        "frame": 1,
        "start": 0,
        "end": 1000,
        "partitions": [
            {
                "path": "frames/1/part-0000.parquet",
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "rows": 2,
            }
        ],
        "labels": [],
        "merkle_root": "0x" + manifest.merkle_root.hex(),
        "rows": 2,
    }


def test_read_manifest__not_sealed__is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="not sealed"):
        read_manifest(tmp_path, ONE)


def test_read_manifest__of_another_frame__is_refused(sealed: tuple[Path, Manifest]) -> None:
    folder, _ = sealed
    frame_folder(folder, ONE).rename(frame_folder(folder, FrameIndex(2)))
    with pytest.raises(EvidenceError, match="manifest of frame 1"):
        read_manifest(folder, FrameIndex(2))


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "tribune/manifest/2"},
        {"more": 1},
        {"rows": 3},
        {"rows": -1},
        {"frame": "1"},
        {"merkle_root": "0x00"},
        {"merkle_root": 5},
        {"partitions": [{"path": "../x", "sha256": "00" * 32, "rows": 2}]},
        {"partitions": [{"path": "/etc/x", "sha256": "00" * 32, "rows": 2}]},
        {"partitions": [{"path": "a//b", "sha256": "00" * 32, "rows": 2}]},
        {"partitions": [{"path": "a\\b", "sha256": "00" * 32, "rows": 2}]},
        {"partitions": [{"path": "a", "sha256": "00", "rows": 2}]},
        {"partitions": [{"path": "a", "rows": 2}]},
        {"partitions": 7},
    ],
)
def test_parse_manifest__anything_else__is_refused(
    sealed: tuple[Path, Manifest], change: dict[str, Any]
) -> None:
    document = {**json.loads(manifest_bytes(sealed[1])), **change}
    with pytest.raises(EvidenceError, match="not a manifest"):
        parse_manifest(rfc8785.dumps(document))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"null"])
def test_parse_manifest__no_document__is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_manifest(data)


def test_parse_manifest__not_canonical__is_refused(sealed: tuple[Path, Manifest]) -> None:
    with pytest.raises(EvidenceError, match="canonical"):
        parse_manifest(manifest_bytes(sealed[1]) + b"\n")


def test_verify_partitions__one_byte_changed__names_the_partition(sealed: tuple[Path, Manifest]) -> None:
    folder, manifest = sealed
    path = folder / manifest.partitions[0].path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(EvidenceError, match=r"part-0000\.parquet was changed"):
        verify_partitions(folder, manifest)


def test_verify_partitions__missing__is_an_error(sealed: tuple[Path, Manifest]) -> None:
    folder, manifest = sealed
    (folder / manifest.partitions[0].path).unlink()
    with pytest.raises(EvidenceError, match="missing"):
        verify_partitions(folder, manifest)


def test_verify_partitions__other_number_of_rows__is_an_error(sealed: tuple[Path, Manifest]) -> None:
    folder, manifest = sealed
    (partition,) = manifest.partitions
    with pytest.raises(EvidenceError, match="2 rows, not 3"):
        verify_partitions(folder, replace(manifest, partitions=(replace(partition, rows=3),)))


def test_verify_partitions__no_parquet_file__is_an_error(sealed: tuple[Path, Manifest]) -> None:
    folder, manifest = sealed
    (folder / "x").write_bytes(b"not parquet")
    partition = Partition("x", Digest(hashlib.sha256(b"not parquet").digest()), 2)
    with pytest.raises(EvidenceError, match="cannot be read"):
        verify_partitions(folder, replace(manifest, partitions=(partition,)))


def test_verify_partitions__link_out_of_the_log__is_refused(
    sealed: tuple[Path, Manifest], tmp_path: Path
) -> None:
    folder, manifest = sealed
    (folder / "out").symlink_to(tmp_path.parent)
    with pytest.raises(EvidenceError, match="outside"):
        verify_partitions(folder, replace(manifest, partitions=(Partition("out/x", Digest(bytes(32)), 1),)))


def test_verify_partitions__leaves_that_are_not_the_roots__is_an_error(sealed: tuple[Path, Manifest]) -> None:
    folder, manifest = sealed
    with pytest.raises(EvidenceError, match="Merkle root"):
        verify_partitions(folder, replace(manifest, merkle_root=Digest(b"\x01" * 32)), leaves=True)


def test_verify_partitions__no_leaf_column__is_an_error(sealed: tuple[Path, Manifest]) -> None:
    folder, manifest = sealed
    sink = io.BytesIO()
    parquet.write_table(pa.table({"id": ["a", "b"]}), sink)
    (folder / "x").write_bytes(sink.getvalue())
    partition = Partition("x", Digest(hashlib.sha256(sink.getvalue()).digest()), 2)
    with pytest.raises(EvidenceError):
        verify_partitions(folder, replace(manifest, partitions=(partition,)), leaves=True)


def test_verify_partitions__own_reader__sees_each_file_once_in_manifest_order(
    sealed: tuple[Path, Manifest],
) -> None:
    folder, manifest = sealed
    seen: list[str] = []

    def read(partition: Partition, file: BinaryIO) -> Digest:
        seen.append(partition.path)
        return Digest(hashlib.sha256(file.read()).digest())

    verify_partitions(folder, manifest, read=read)
    assert seen == [partition.path for partition in manifest.files]
