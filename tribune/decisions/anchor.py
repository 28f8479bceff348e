"""Manifests: what a sealed frame consists of, and the one word of it that goes on the chain.

A manifest names each partition with its sha-256 and rows, and the Merkle root over the decisions' leaves.
Reading one back trusts nothing in it: paths must stay inside the log, digests and row counts must be those
of the files. Builds the word only; sending it is `tribune.sync`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from tribune.decisions.erasures import erased_since
from tribune.decisions.keccak import keccak256
from tribune.decisions.merkle import MerkleTree
from tribune.exceptions import EvidenceError, EvidenceMissingError
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber
from tribune.untrusted import load_json

SCHEMA = "tribune/manifest/1"
MANIFEST_NAME = "manifest.json"
_MAX_BYTES = 16 * 2**20  # some 100,000 partitions
_KEYS = {
    "schema",
    "model",
    "version",
    "frame",
    "start",
    "end",
    "partitions",
    "labels",
    "merkle_root",
    "rows",
}


@dataclass(frozen=True)
class Partition:
    """A sealed file: its path relative to the log of the model version, its sha-256, its rows."""

    path: str
    sha256: Digest
    rows: int


@dataclass(frozen=True)
class Manifest:
    """A sealed frame: `start` ≤ time < `end` in UTC microseconds; `rows` counts decisions, not labels."""

    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex
    start: int
    end: int
    partitions: tuple[Partition, ...]
    labels: tuple[Partition, ...]
    merkle_root: Digest
    rows: int

    @property
    def files(self) -> tuple[Partition, ...]:
        """All files in manifest order: decisions, then labels (the order of a witness's MACs)."""
        return self.partitions + self.labels


def log_folder(root: Path, model_id: ModelId, version: VersionNumber) -> Path:
    """Return the folder of a model version's log."""
    return root / str(model_id) / str(version)


def frame_folder(folder: Path, frame: FrameIndex) -> Path:
    """Return the folder of a sealed frame in the log of a model version."""
    return folder / "frames" / str(frame)


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as RFC 8785 JSON, the exact content of its file."""
    import rfc8785

    def entries(partitions: tuple[Partition, ...]) -> list[Any]:
        return [{"path": p.path, "sha256": p.sha256.hex(), "rows": p.rows} for p in partitions]

    return rfc8785.dumps(
        {
            "schema": SCHEMA,
            "model": manifest.model_id,
            "version": manifest.version,
            "frame": manifest.frame,
            "start": manifest.start,
            "end": manifest.end,
            "partitions": entries(manifest.partitions),
            "labels": entries(manifest.labels),
            "merkle_root": "0x" + manifest.merkle_root.hex(),
            "rows": manifest.rows,
        }
    )


def manifest_digest(manifest: Manifest) -> Digest:
    """Return the sha-256 of the manifest's file (for frame 0: the evaluation-set digest)."""
    return Digest(hashlib.sha256(manifest_bytes(manifest)).digest())


def anchor_word(manifest: Manifest) -> Digest:
    """Return what a report must name as its manifest.

    Frame i ≥ 1: `keccak256(abi.encode(manifestSha256, merkleRoot, rows))`, the word anchored in
    `DecisionLog`; frame 0: the sha-256 of the manifest, the evaluation-set digest in `ModelRegistry`.
    """
    sha256 = manifest_digest(manifest)
    if manifest.frame == 0:
        return sha256
    return word_of(sha256, manifest.merkle_root, manifest.rows)


def word_of(sha256: Digest, root: Digest, rows: int) -> Digest:
    """Return what `DecisionLog` keeps of a frame: keccak256(abi.encode(manifestSha256, root, rows))."""
    return Digest(keccak256()(sha256 + root + rows.to_bytes(32, "big")))


def read_manifest(folder: Path, frame: FrameIndex) -> Manifest:
    """Read the manifest of a frame from the log folder of a model version.

    Raises:
        EvidenceError: when the frame is not sealed, or its manifest cannot be read or is not canonical.
    """
    path = frame_folder(folder, frame) / MANIFEST_NAME
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise EvidenceMissingError(f"Frame {frame} is not sealed: there is no {path}.", frame=frame) from None
    except OSError as fault:
        raise EvidenceError(f"The manifest {path} cannot be read: {fault.strerror}.", frame=frame) from fault
    manifest = parse_manifest(data)
    if manifest.frame != frame:
        raise EvidenceError(f"{path} is the manifest of frame {manifest.frame}.", frame=frame)
    return manifest


def parse_manifest(data: bytes) -> Manifest:
    """Return the manifest in these bytes.

    Raises:
        EvidenceError: unless they are exactly the canonical form of a manifest whose paths stay in the log.
    """
    try:
        if len(data) > _MAX_BYTES:
            raise ValueError("it is too large")
        document = load_json(data)
        if document["schema"] != SCHEMA or set(document) != _KEYS:
            raise ValueError("another schema")
        root = document["merkle_root"]
        manifest = Manifest(
            model_id=ModelId(_count(document["model"])),
            version=VersionNumber(_count(document["version"])),
            frame=FrameIndex(_count(document["frame"])),
            start=_count(document["start"]),
            end=_count(document["end"]),
            partitions=tuple(_partition(entry) for entry in document["partitions"]),
            labels=tuple(_partition(entry) for entry in document["labels"]),
            merkle_root=Digest(bytes.fromhex(root.removeprefix("0x"))),
            rows=_count(document["rows"]),
        )
        if len(manifest.merkle_root) != 32 or manifest_bytes(manifest) != data:
            raise ValueError("it is not in canonical form")
        if sum(partition.rows for partition in manifest.partitions) != manifest.rows:
            raise ValueError("its rows are not those of its partitions")
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise EvidenceError(f"This is not a manifest: {fault}.") from fault
    return manifest


def verify_partitions(
    folder: Path,
    manifest: Manifest,
    *,
    read: Callable[[Partition, BinaryIO], Digest] | None = None,
    leaves: bool = False,
) -> None:
    """Check every file that a manifest names: present, of its sha-256 and rows.

    Args:
        folder: the log folder of the model version.
        manifest: as read.
        read: reads a file's stream to its end and returns its sha-256; a monitor passes one that computes its
            MAC in the same read.
        leaves: also check the Merkle root against the leaves in the partitions.

    Raises:
        EvidenceError: naming the first file that is not what the manifest says.
    """
    import pyarrow
    import pyarrow.parquet as parquet

    found: list[bytes] = []
    for partition in manifest.files:
        path = folder / partition.path
        ids: dict[str, Any] = {"frame": manifest.frame, "path": partition.path}
        if not path.resolve().is_relative_to(folder.resolve()):
            raise EvidenceError(f"Partition {partition.path} lies outside the log.", **ids)
        try:
            with path.open("rb") as file:
                actual = (read or _sha256)(partition, file)
            if actual != partition.sha256:
                raise _changed(folder, partition, actual, ids)
            rows = parquet.read_metadata(path).num_rows
            if leaves and partition in manifest.partitions:
                found += parquet.read_table(path, columns=["leaf"]).column("leaf").to_pylist()
        except FileNotFoundError:
            raise EvidenceMissingError(f"Partition {partition.path} is missing.", **ids) from None
        except (OSError, KeyError, pyarrow.ArrowException) as fault:
            raise EvidenceError(f"Partition {partition.path} cannot be read: {fault}.", **ids) from fault
        if rows != partition.rows:
            raise EvidenceError(f"Partition {partition.path} has {rows} rows, not {partition.rows}.", **ids)
    if leaves and MerkleTree(found).root != manifest.merkle_root:
        raise EvidenceError("The leaves in the partitions do not have the manifest's Merkle root.")


def _changed(folder: Path, partition: Partition, actual: Digest, ids: dict[str, Any]) -> EvidenceError:
    """Return what to say of a file that is not what the manifest names: erased in part, or changed."""
    since = erased_since(folder, partition.path, actual)
    if since is None:
        return EvidenceError(f"Partition {partition.path} was changed: its sha-256 differs.", **ids)
    return EvidenceError(
        f"Decisions were erased from partition {partition.path} since {since}, so reports over it can no "
        "longer be recomputed; proofs of its other decisions hold.",
        **ids,
    )


def _sha256(_: Partition, file: BinaryIO) -> Digest:
    hasher = hashlib.sha256()
    while chunk := file.read(2**20):
        hasher.update(chunk)
    return Digest(hasher.digest())


def _partition(entry: Any) -> Partition:
    path = PurePosixPath(entry["path"])
    if path.is_absolute() or ".." in path.parts or str(path) != entry["path"] or "\\" in entry["path"]:
        raise ValueError("a path leaves the log")
    digest = bytes.fromhex(entry["sha256"])
    if len(digest) != 32 or set(entry) != {"path", "sha256", "rows"}:
        raise ValueError("a partition's entry is not complete")
    return Partition(entry["path"], Digest(digest), _count(entry["rows"]))


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value
