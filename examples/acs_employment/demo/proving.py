"""One of the demo's own answers, proven from outside: its receipt, then its proof, as a stranger checks it.

The steward has the log. The stranger's folder holds the proof, the receipt and a copy of the deployment
record, and the commands run there are told the address of the node and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from examples.acs_employment.demo.processes import ROOT
from examples.acs_employment.demo.stage import CHAIN_ID, Stage
from examples.acs_employment.demo.story import Story
from examples.acs_employment.rows import load_spec, stream
from tribune.chain import Tribune
from tribune.decisions.proofs.receipt_key import (
    certify,
    read_certificate,
    write_certificate,
    write_receipt_key,
)
from tribune.decisions.proofs.receipts import Receipt, receipt_in
from tribune.decisions.typed import LogContract, address_of
from tribune.exceptions import TribuneError
from tribune.gate.recorder import RECEIPT_HEADER
from tribune.ids import ModelId, VersionNumber

ASKED = "asked-by-a-stranger"
"""The id under which the stranger asked."""
_CERTIFIED_S = 86_400
_LIMIT_S = 60.0


def certify_receipts(stage: Stage, tribune: Tribune, model_id: ModelId) -> None:
    """Make the key that signs receipts where the model is served, certified by its logger."""
    secret = secrets.token_bytes(32)
    contract = LogContract(tribune.chain.chain_id, tribune.decision_log.address)
    ends = int(time.time()) + _CERTIFIED_S
    certificate = certify(stage.actors.logger, contract, model_id, address_of(secret), ends)
    write_receipt_key(stage.receipt_key, secret)
    write_certificate(stage.receipt_certificate, certificate)


@dataclass
class Stranger:
    """Somebody who asks the served model, keeps the receipt, and later checks its proof.

    Args:
        stage: what the demo stands on.
        story: what is said of it.
    """

    stage: Stage
    story: Story
    receipt: Receipt | None = None
    said: dict[str, Any] = field(default_factory=dict)
    """What `tribune verify decision --json` said."""

    @property
    def folder(self) -> Path:
        """All that the stranger has."""
        return self.stage.folder / "stranger"

    async def ask(self, model_id: ModelId, version: VersionNumber) -> None:
        """Ask about one person, and keep the receipt that comes with the answer."""
        row = await asyncio.to_thread(lambda: next(stream(load_spec())))
        async with httpx.AsyncClient(base_url=self.stage.served, timeout=10) as client:
            answer = await client.post("/predict", json={"rows": [{"id": ASKED, **row.features}]})
        if answer.status_code != httpx.codes.OK:
            raise TribuneError(f"The model did not answer the stranger, but {answer.status_code}.")
        certificate = await asyncio.to_thread(read_certificate, self.stage.receipt_certificate)
        told = answer.headers.get(RECEIPT_HEADER, "")
        self.receipt = receipt_in(told, model_id=model_id, version=version, certificate=certificate)
        (self.folder / "deployments").mkdir(parents=True)
        shutil.copy(self.stage.deployments / f"{CHAIN_ID}.json", self.folder / "deployments")
        (self.folder / "receipt.json").write_text(json.dumps(self.receipt.document(), indent=1) + "\n")

    async def check(self) -> None:
        """Get the proof from the steward, and check it: each by the real command.

        Raises:
            TribuneError: one of the commands ended with a code.
        """
        proof = self.folder / "proof.json"
        steward = {
            "TRIBUNE_DEPLOYMENTS": str(self.stage.deployments),
            "TRIBUNE_LOG_FOLDER": str(self.stage.folder / "log"),
        }
        await _command(self.stage.folder, steward, "decisions", "prove", ASKED, "--output", str(proof))
        known = {
            "TRIBUNE_CHAIN__HTTP_URL": self.stage.local.anvil.http_url,
            "TRIBUNE_CHAIN__CHAIN_ID": str(CHAIN_ID),
            "TRIBUNE_DEPLOYMENTS": "deployments",
        }
        self.said = json.loads(await _command(self.folder, known, "verify", "decision", proof.name, "--json"))
        self.story.say(
            f"A stranger with a receipt, its proof and the chain, but no log: decision {ASKED} is PROVEN, "
            f"one of {self.said['rows']:,} in frame {self.said['frame']}."
        )


async def _command(folder: Path, settings: Mapping[str, str], *arguments: str) -> str:
    """Run `tribune` with these settings alone, and return what it said."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TRIBUNE_")}
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "monitors", "bot"))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tribune.cli",
        *arguments,
        cwd=folder,
        env={**ours, "PYTHONPATH": paths, **settings},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_LIMIT_S):
            said, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        words = (said + complaint).decode(errors="replace").strip()
        raise TribuneError(f"tribune {' '.join(arguments)} ended with {process.returncode}: {words}")
    return said.decode()
