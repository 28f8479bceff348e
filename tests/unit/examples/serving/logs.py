"""The log of an example's server: told of frames as a logger tells it, and read by the real commands.

Sealing and proving are not for a serving environment, so they run in the project's own.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from support.anvil import ROOT
from support.processes import environment
from tribune.decisions.anchor import log_folder
from tribune.decisions.grid import FrameGrid, GridHistory
from tribune.decisions.waiting.gridfile import write_grids
from unit.gate.chain import MODEL, VERSION

CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
HOUR = 3_600_000_000
SEAL = """
import sys
from pathlib import Path
from tribune.decisions.waiting.gridfile import read_grids
from tribune.decisions.frames.sealing import LogSealer
root, frame = Path(sys.argv[1]), int(sys.argv[2])
log = LogSealer(root, read_grids(root / "1" / "1"), 1, 1)
log.seal(frame, now=log.grid.due_at(frame))
"""


def logging_to(folder: Path, columns: Path) -> dict[str, str]:
    """Begin a log whose frames take an hour; return the variables with which a server writes into it."""
    own = log_folder(folder / "log", MODEL, VERSION)
    own.mkdir(parents=True)
    write_grids(own, GridHistory.of(FrameGrid(time.time_ns() // 1000 - HOUR // 2, HOUR, HOUR, 0)))
    return {"TRIBUNE_LOG_FOLDER": str(folder / "log"), "TRIBUNE_GATE__LOG__COLUMNS": str(columns)}


def break_log(folder: Path) -> None:
    """Let the log take nothing, before anything is in it."""
    (log_folder(folder / "log", MODEL, VERSION) / "wal").write_bytes(b"")


def proven(folder: Path, id_: str) -> dict[str, Any]:
    """Seal what the server wrote, prove a decision of it, check the proof, and return what was decided."""
    (folder / "31337.json").write_text(
        json.dumps({"chain_id": 31337, "block": 0, "addresses": {"DecisionLog": CONTRACT}})
    )
    known = {"TRIBUNE_LOG_FOLDER": str(folder / "log"), "TRIBUNE_DEPLOYMENTS": str(folder)}
    python, tribune = str(ROOT / ".venv/bin/python"), ("-m", "tribune.cli")
    said = ""
    for arguments in (
        ("-c", SEAL, known["TRIBUNE_LOG_FOLDER"], "1"),
        (*tribune, "decisions", "prove", id_, "-o", f"{id_}.json"),
        (*tribune, "verify", "decision", f"{id_}.json", "--offline", "--json"),
    ):
        done = subprocess.run(
            [python, *arguments],
            cwd=folder, env=environment(**known), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = done.stdout
    found = json.loads(said)
    assert found["proven"]
    decided: dict[str, Any] = found["opened"]["body"]
    return decided
