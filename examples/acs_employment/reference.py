"""The reference of a version: its evaluation set (frame 0) sealed, and its profile made of the same rows.

Only rows that the model was not trained on: it looks better on those it was.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from examples.acs_employment.model import load_model
from examples.acs_employment.rows import load_spec, read_half, to_rows
from tribune.decisions.anchor import Manifest, anchor_word, log_folder
from tribune.decisions.frames.sealing import seal_evaluation
from tribune.decisions.leaf import Decision, LogSchema
from tribune.ids import Digest, ModelId, VersionNumber
from tribune.metrics import ModelSpec, Profile

BLOCKS = 10
"""Blocks whose differences give the overdispersion; rows are in their yearly order."""


@dataclass(frozen=True)
class Reference:
    """What is registered with a version: its profile, and the manifest of its evaluation set."""

    profile: Profile
    manifest: Manifest

    @property
    def evaluation_set(self) -> Digest:
        """The digest that the registry is given for the evaluation set."""
        return anchor_word(self.manifest)


def make_reference(card: Path, log_root: Path, model_id: ModelId, version: VersionNumber) -> Reference:
    """Let a model decide about all held-out rows, seal them as frame 0 and profile them with DuckDB.

    Args:
        card: of the trained artifact, whose digest is checked.
        log_root: the log folder; frame 0 lands in `<log_root>/<model_id>/<version>/frames/0`.
        model_id: as registered.
        version: as registered.

    Raises:
        ArtifactMismatchError: when the artifact is not the card's.
        EvidenceError: when this version's frame 0 is sealed already.
    """
    spec = load_spec()
    model = load_model(card)
    rows = to_rows(read_half(held_out=True), spec)
    answers = model.answer([row.features for row in rows])
    # Frame 0 covers no time: a row's time is its place, which keeps the order in which blocks are cut.
    decisions = [
        Decision(row.id, place, row.features, answer.prediction, answer.score)
        for place, (row, answer) in enumerate(zip(rows, answers, strict=True))
    ]
    labels = [(row.id, place, row.label) for place, row in enumerate(rows)]
    schema = LogSchema.of(spec)
    manifest = seal_evaluation(log_root, schema, decisions, labels, model_id=model_id, version=version)
    return Reference(make_profile_of(manifest, log_folder(log_root, model_id, version), spec), manifest)


def make_profile_of(manifest: Manifest, folder: Path, spec: ModelSpec) -> Profile:
    """Return the profile of a sealed evaluation set, in `BLOCKS` consecutive blocks of about equal size."""
    from tribune_monitors.engines.duckdb_engine import DuckDBEngine
    from tribune_monitors.engines.fit import fit_profile
    from tribune_monitors.sources.blocks import split
    from tribune_monitors.sources.opening import connect

    sealed = [folder / partition.path for partition in manifest.partitions]
    labels = [folder / partition.path for partition in manifest.labels]
    with tempfile.TemporaryDirectory() as place, connect(Path(place)) as cursor:
        blocks = split(cursor, sealed, spec, BLOCKS, Path(place) / "blocks", timed=False)
        return fit_profile(DuckDBEngine(threads=1), blocks, labels, spec)
