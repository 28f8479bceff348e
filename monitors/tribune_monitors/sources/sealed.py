"""Sealed logs in a folder: manifests and the partitions they name, checked against what the chain anchors.

A file's digest and the MACs of its readers come from one read, of the bytes that are counted later; it is
read again when its size, times or place on disk have changed.
Refuses a manifest that is not the anchored one and a partition that is not the manifest's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tribune.decisions.anchor import Manifest, anchor_word, log_folder, read_manifest, verify_partitions
from tribune.decisions.anchor import Partition as SealedFile
from tribune.exceptions import EvidenceError
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber
from tribune_monitors.sources.readings import Readings


@dataclass(frozen=True)
class SealedFrame:
    """A frame whose files were all read and found right.

    Args:
        manifest: as sealed.
        folder: log folder of the model version.
        macs: per key that was given, the MACs of all files in manifest order.
    """

    manifest: Manifest
    folder: Path
    macs: tuple[tuple[Digest, ...], ...]

    @property
    def decisions(self) -> list[Path]:
        """Paths of the decision partitions."""
        return [self.folder / partition.path for partition in self.manifest.partitions]

    @property
    def labels(self) -> list[Path]:
        """Paths of the label partitions."""
        return [self.folder / partition.path for partition in self.manifest.labels]


class SealedLog:
    """Reads sealed frames below `<root>/<model>/<version>/frames`.

    Args:
        root: where logs lie.
        readings: what is known of files already.
    """

    def __init__(self, root: Path, readings: Readings | None = None) -> None:
        self._root = root
        self._readings = readings or Readings()

    def read(
        self,
        model_id: ModelId,
        version: VersionNumber,
        frame: FrameIndex,
        *,
        word: Digest,
        keys: Sequence[bytes] = (),
    ) -> SealedFrame:
        """Read a frame and check every byte of it.

        Args:
            model_id: the model.
            version: its version.
            frame: which frame.
            word: what the chain says of it: the anchored word, or the evaluation-set digest for frame 0.
            keys: witness keys to compute MACs under, in the same read.

        Raises:
            EvidenceError: the frame is not there, or is not what the chain says. This is "could not look".
        """
        folder = log_folder(self._root, model_id, version)
        manifest = read_manifest(folder, frame)
        if anchor_word(manifest) != word or manifest.model_id != model_id or manifest.version != version:
            raise EvidenceError(
                f"The manifest of frame {frame} is not the one that the chain names.",
                mend="Ask the steward for the log as it was anchored.",
                model_id=model_id,
                version=version,
                frame=frame,
            )
        macs: list[tuple[Digest, ...]] = []

        def read(_: SealedFile, stream: BinaryIO) -> Digest:
            reading = self._readings.read(stream, keys)
            macs.append(reading.macs)
            return reading.sha256

        verify_partitions(folder, manifest, read=read)
        by_key = tuple(tuple(file[index] for file in macs) for index in range(len(keys)))
        return SealedFrame(manifest, folder, by_key)
