"""Train a version and make its reference: `python -m examples.acs_employment.demo.prepare v1 FOLDER MODEL`.

Writes artifact and card, seals the evaluation set as frame 0, puts the profile into the steward's evidence
store, and ends with `FOLDER/<version>.json`: what the steward registers.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from examples.acs_employment.model import Card
from examples.acs_employment.reference import make_reference
from examples.acs_employment.train import RECIPES, train
from tribune.exceptions import TribuneError
from tribune.ids import ModelId, VersionNumber
from tribune.reports.canonical import parse_canonical
from tribune.reports.evidence_store import write_evidence


def prepare(recipe: str, folder: Path, model_id: ModelId) -> None:
    """Make all that a version needs before it can be registered, below the demo's folder.

    Raises:
        TribuneError: what training or sealing refuses.
    """
    version = VersionNumber(RECIPES[recipe].version)
    card_path = train(recipe, folder / "models")
    reference = make_reference(card_path, folder / "log", model_id, version)
    write_evidence(str(folder / "steward"), parse_canonical(reference.profile.canonical))
    card = Card.load(card_path)
    ready = folder / f"{recipe}.json"
    details = {
        "card": str(card_path),
        "artifact": card.sha256,
        "profile": reference.profile.digest.hex(),
        "evaluation_set": reference.evaluation_set.hex(),
        "accuracy": card.accuracy,
        "evaluation_rows": reference.manifest.rows,
    }
    partial = ready.with_suffix(".partial")
    partial.write_text(json.dumps(details))
    partial.replace(ready)


if __name__ == "__main__":
    os.nice(5)  # it prepares what comes later; what serves and watches now goes first
    try:
        prepare(sys.argv[1], Path(sys.argv[2]), ModelId(int(sys.argv[3])))
    except TribuneError as error:
        sys.exit(str(error))
