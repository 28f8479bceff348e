"""Finding a decision in a sealed log by its id, and proving it.

Looks into Parquet statistics first and reads the column of ids only where they allow the id; of the one row
group that has it, the row; of its frame, the leaves. Says where a decision is that no frame holds yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from json.encoder import encode_basestring
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tribune.decisions.anchor import Manifest, manifest_digest, read_manifest
from tribune.decisions.leaf import RESERVED, Decision, Kind, LogSchema, decision_leaf
from tribune.decisions.merkle import MerkleTree
from tribune.decisions.proofs.proof import DecisionProof, Opened
from tribune.decisions.typed import LogContract
from tribune.decisions.waiting.wal import read_segment
from tribune.exceptions import AbsentError, DataError, EvidenceError
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber
from tribune.untrusted import load_json

if TYPE_CHECKING:
    from pyarrow import parquet


@dataclass(frozen=True)
class Found:
    """Where a decision lies: its frame's manifest, the row in that frame's tree, and the row itself."""

    folder: Path
    manifest: Manifest
    row: int
    values: Mapping[str, Any]
    schema: LogSchema

    def proof(self, contract: LogContract) -> DecisionProof:
        """Return the decision's proof for a deployment's log; without its body where that was erased.

        Raises:
            EvidenceError: the log is not what its own manifest says.
        """
        manifest, values = self.manifest, self.values
        opened = _opened(self.schema, values)
        if opened is None and values.get("body_digest") is None:
            raise EvidenceError(f"The row of decision {values['id']} has neither body nor digest.")
        body = Digest(values["body_digest"]) if opened is None else opened.digest
        leaf = decision_leaf(manifest.model_id, manifest.version, values["id"], values["time"], body)
        tree = MerkleTree(list(frame_leaves(self.folder, manifest)))
        if leaf != values["leaf"] or tree.root != manifest.merkle_root:
            raise EvidenceError(
                f"The log of frame {manifest.frame} was changed since it was sealed: its leaves are others.",
                mend="Restore the frame's folder from a copy.",
                frame=manifest.frame,
            )
        return DecisionProof(
            contract=contract,
            model_id=manifest.model_id,
            version=manifest.version,
            frame=manifest.frame,
            id=values["id"],
            time=values["time"],
            body=body,
            path=tree.proof(self.row),
            manifest=manifest_digest(manifest),
            root=manifest.merkle_root,
            rows=manifest.rows,
            opened=opened,
        )


def find_decision(
    root: Path,
    id: str,
    *,
    model_id: ModelId | None = None,
    version: VersionNumber | None = None,
    frame: FrameIndex | None = None,
) -> Found:
    """Return where a decision lies: in the newest frame that has one of this id.

    Args:
        root: the log folder.
        id: of the decision.
        model_id: whose log is searched; of all models where None.
        version: likewise.
        frame: the only frame that is searched.

    Raises:
        DataError: no sealed frame has it (says whether it waits for one), or several decisions have this id.
        EvidenceError: a manifest or partition cannot be read.
    """
    logs = list(_logs(root, model_id, version))
    found = [first for folder in logs if (first := _newest(folder, id, frame))]
    if not found:
        raise _absent(logs, id, frame)
    if len(found) > 1 or len(found[0]) > 1:
        places = [
            f"frame {one.manifest.frame} of model {one.manifest.model_id} v{one.manifest.version} at "
            f"{one.values['time']}"
            for many in found
            for one in many
        ]
        raise DataError(
            f"Several decisions have the id {id}: {', '.join(places)}.",
            mend="Name the model with --model and --version. Ids should be unique.",
            id=id,
        )
    return found[0][0]


def sealed_frames(folder: Path) -> list[FrameIndex]:
    """Return the sealed frames of a model version's log, newest first, its evaluation left out."""
    names = (path.name for path in (folder / "frames").glob("[1-9]*") if path.name.isdecimal())
    return sorted((FrameIndex(int(name)) for name in names), reverse=True)


def _logs(root: Path, model_id: ModelId | None, version: VersionNumber | None) -> Iterator[Path]:
    model = "*" if model_id is None else str(model_id)
    for path in sorted(root.glob(f"{model}/{'*' if version is None else version}")):
        if path.name.isdecimal() and path.parent.name.isdecimal():
            yield path


def _newest(folder: Path, id: str, frame: FrameIndex | None) -> list[Found]:
    """Return the decisions of this id in the newest frame that has any."""
    frames = sealed_frames(folder)
    for index in frames if frame is None else [frame] if frame in frames else []:
        if found := list(_in_frame(folder, id, index)):
            return found
    return []


def _in_frame(folder: Path, id: str, frame: FrameIndex) -> Iterator[Found]:
    manifest = read_manifest(folder, frame)
    first = 0
    for partition in manifest.partitions:
        # What a sliding frame shares with those before it is found there.
        if partition.path.startswith(f"frames/{frame}/"):
            with _reading(folder / partition.path) as file:
                for row in _rows_of(file, id):
                    schema, values = _row(file, row)
                    yield Found(folder, manifest, first + row, values, schema)
        first += partition.rows


def _rows_of(file: parquet.ParquetFile, id: str) -> list[int]:
    """Return the rows that have an id."""
    import pyarrow.compute as compute

    column = file.schema_arrow.get_field_index("id")
    rows: list[int] = []
    first = 0
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        statistics = group.column(column).statistics
        # Ids that sort by time differ from frame to frame, so most files end here.
        if statistics is None or not statistics.has_min_max or statistics.min <= id <= statistics.max:
            ids = file.read_row_group(number, columns=["id"], use_threads=False).column("id")
            rows += (first + i for i in compute.indices_nonzero(compute.equal(ids, id)).to_pylist())
        first += group.num_rows
    return rows


def _row(file: parquet.ParquetFile, row: int) -> tuple[LogSchema, Mapping[str, Any]]:
    first = 0
    for number in range(file.num_row_groups):
        count = file.metadata.row_group(number).num_rows
        if row < first + count:
            table = file.read_row_group(number, use_threads=False).slice(row - first, 1)
            (values,) = table.to_pylist()
            return _schema(file), values
        first += count
    raise EvidenceError(f"There is no row {row}.")


def _schema(file: parquet.ParquetFile) -> LogSchema:
    """Return the log's columns as a partition has them."""
    import pyarrow

    kinds: dict[str, Kind] = {
        column.name: "numeric" if pyarrow.types.is_floating(column.type) else "category"
        for column in file.schema_arrow
    }
    features = {name: kind for name, kind in kinds.items() if name not in RESERVED}
    return LogSchema(features, kinds["prediction"])


def _opened(schema: LogSchema, values: Mapping[str, Any]) -> Opened | None:
    if not values["salt"]:
        return None
    features = {name: values[name] for name in schema.features}
    decision = Decision(values["id"], values["time"], features, values["prediction"], values["score"])
    digest = values.get("input_digest")
    body = schema.body(decision, None if digest is None else Digest(digest))
    return Opened(values["salt"], load_json(body))


def frame_leaves(folder: Path, manifest: Manifest) -> Iterator[bytes]:
    """Yield the leaves of a frame in the tree's order; reads no other column.

    Raises:
        EvidenceError: a partition cannot be read.
    """
    for partition in manifest.partitions:
        with _reading(folder / partition.path) as file:
            yield from file.read(columns=["leaf"]).column("leaf").to_pylist()


@contextmanager
def _reading(path: Path) -> Iterator[parquet.ParquetFile]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, memory_map=True) as file:
            yield file
    except (OSError, KeyError, pyarrow.ArrowException) as fault:
        raise EvidenceError(f"Partition {path} cannot be read: {fault}.", path=str(path)) from fault


def _absent(logs: list[Path], id: str, frame: FrameIndex | None) -> DataError:
    """Return what to say of a decision that is in no sealed frame: it may wait for one."""
    mark = encode_basestring(id).encode()
    for folder in logs:
        for path in sorted((folder / "wal").glob("*/*.wal")):
            if mark not in path.read_bytes() or all(record.id != id for record in read_segment(path)[1]):
                continue
            slot = path.parent.name
            if slot == "late":
                return DataError(
                    f"Decision {id} came too late for its frame, so nothing can prove it.", id=id
                )
            return DataError(
                f"Decision {id} is kept, but frame {slot} is not sealed yet.",
                mend="It is after the frame's end and grace: try again then.",
                id=id,
            )
    where = "No sealed frame" if frame is None else f"Frame {frame} is not sealed, or not it but another"
    return AbsentError(f"{where} holds decision {id}.", mend="Check the id and log_folder.", id=id)
