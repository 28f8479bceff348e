"""Make a version ready to be registered: train it, seal its evaluation set, profile it, and say what they are.

`python -m examples.acs_employment.versions FOLDER LOG_FOLDER MODEL_ID [v1] [v2]` does so in one process, which
starts the heavy libraries once, and writes `FOLDER/<version>.ready.json` as soon as a version is done:
`{"version", "card", "profile", "artifact_sha256", "profile_sha256", "evaluation_set", "rows"}`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from examples.acs_employment.model import Card
from examples.acs_employment.reference import make_reference
from examples.acs_employment.train import RECIPES, train
from tribune.exceptions import TribuneError
from tribune.ids import ModelId, VersionNumber


@dataclass(frozen=True)
class ReadyVersion:
    """What a steward registers of a version.

    Args:
        version: its number.
        card: path of the card; the artifact lies beside it.
        profile: path of the profile.
        artifact_sha256: of the artifact, hexadecimal.
        profile_sha256: of the profile, hexadecimal.
        evaluation_set: sha-256 of the manifest of frame 0, hexadecimal.
        rows: of the evaluation set.
    """

    version: int
    card: str
    profile: str
    artifact_sha256: str
    profile_sha256: str
    evaluation_set: str
    rows: int

    @classmethod
    def load(cls, path: Path) -> ReadyVersion:
        """Read what `write` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, path: Path) -> None:
        """Write it at once, so that whoever waits for the file finds it whole."""
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        temporary.rename(path)


def make_version(recipe: str, folder: Path, log_root: Path, model_id: ModelId) -> ReadyVersion:
    """Train a version, seal its frame 0 below `log_root` and write card, artifact and profile to `folder`.

    Raises:
        ConfigurationError: for a version without a recipe.
        EvidenceError: when its frame 0 is sealed already.
    """
    card_path = train(recipe, folder)
    card = Card.load(card_path)
    reference = make_reference(card_path, log_root, model_id, VersionNumber(card.version))
    profile_path = folder / f"{card.name}-{recipe}.profile.json"
    profile_path.write_bytes(reference.profile.canonical)
    return ReadyVersion(
        version=card.version,
        card=str(card_path),
        profile=str(profile_path),
        artifact_sha256=card.sha256,
        profile_sha256=reference.profile.digest.hex(),
        evaluation_set=reference.evaluation_set.hex(),
        rows=reference.manifest.rows,
    )


def main(arguments: list[str]) -> None:
    """Make versions ready, all where none is named."""
    if len(arguments) < 3 or not arguments[2].isdecimal():
        sys.exit(__doc__)
    folder, log_root, model_id, *recipes = arguments
    try:
        for recipe in recipes or RECIPES:
            made = make_version(recipe, Path(folder), Path(log_root), ModelId(int(model_id)))
            made.write(Path(folder) / f"{recipe}.ready.json")
    except TribuneError as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main(sys.argv[1:])
