"""A member of the panel in the wrong hands, as a process: what it does changes every three frames.

    python -m chaos.hostile ORDER.json

The order names the node, the hub, the key, its own evidence store and an honest one. It needs no data:
whatever it says is made up or copied from others. Three frames each, so that each member of the panel is once
the peer whose witness all others recompute.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from eth_account import Account

from tribune.ids import Address, Digest
from tribune.reports.attestation import AttestationDocument, parse_attestation
from tribune.reports.signing import HubDomain, Report, sign_attestation

FLOOD_FILES, FLOOD_CALLS = 1500, 40
HUGE = 8 * 2**20


class Hostile:
    """Acts on each frame once.

    Args:
        order: what the file says.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        from web3 import HTTPProvider, Web3

        self.web3 = Web3(HTTPProvider(order["node"]))
        self.hub = self.web3.eth.contract(address=order["hub"], abi=order["abi"])
        self.key = Account.from_key(order["key"])
        self.index = order["index"]
        self.own, self.honest = Path(order["own"]), Path(order["honest"])
        self.honest_address = order["honest_address"].lower()
        self.domain = HubDomain(self.web3.eth.chain_id, Address(order["hub"]))
        self.last: AttestationDocument | None = None

    def run(self) -> None:
        """Act until it is killed."""
        done: set[str] = set()
        while True:
            for path in sorted((self.honest / "attestations").rglob(f"{self.honest_address}.json")):
                document = parse_attestation(path.read_bytes(), str(path.relative_to(self.honest)))
                if document.name in done:
                    continue
                done.add(document.name)
                if document.report.frame > 0:
                    act = CONDUCTS[conduct_of(document.report.frame)]
                    act(self, document)
                    print(json.dumps({"frame": document.report.frame, "did": act.__name__}), flush=True)
                self.last = document
            time.sleep(0.05)

    # What it does, told what an honest one said

    def lie(self, said: AttestationDocument) -> None:
        """Say that all is well, whatever it is, and say it first."""
        values = tuple(0 if value > 0 else value for value in said.report.values)
        lie = replace(said.report, values=values, evidence=Digest(os.urandom(32)))
        self.publish(self.signed(lie))
        self.submit(self.signed(lie))

    def write_garbage(self, said: AttestationDocument) -> None:
        """Put noise where attestations are looked for, and bad signatures before the hub."""
        name = self.name_for(said)
        for data in (os.urandom(500), b"{" * 5000, b"[]", said.data.replace(b'"', b"'"), b" " * HUGE):
            self.put(name, data)
            time.sleep(0.2)
        noise = replace(self.signed(said.report), signature=os.urandom(65))
        self.submit(noise, *(replace(noise, signature=os.urandom(n)) for n in (0, 64, 66, 2000)))

    def replay(self, said: AttestationDocument) -> None:
        """Hand in what others said, again and under other names."""
        if self.last is not None:
            self.put(self.name_for(said), self.last.data)
            self.submit(self.last, index=0)
        self.put(self.name_for(said), said.data)
        self.put(said.name, said.data.replace(b'"frame":"', b'"frame":"1'))
        for _ in range(3):
            self.submit(said, said, index=0)

    def flood(self, said: AttestationDocument) -> None:
        """Many files and many transactions."""
        folder = (self.own / self.name_for(said)).parent
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(FLOOD_FILES):
            (folder / f"0x{number:040x}.json").write_bytes(said.data)
        noise = replace(self.signed(said.report), signature=os.urandom(65))
        for _ in range(FLOOD_CALLS):
            self.submit(noise, wait=False)

    def copy(self, said: AttestationDocument) -> None:
        """Agree with the others without having looked: the witness is made up."""
        self.publish(self.signed(said.report))

    def withhold(self, said: AttestationDocument) -> None:
        """Say nothing."""

    # How

    def signed(self, report: Report) -> AttestationDocument:
        witness = Digest(os.urandom(32))
        signature = sign_attestation(self.key, self.domain, report, witness)
        return AttestationDocument(self.domain, report, witness, Address(self.key.address), signature)

    def name_for(self, said: AttestationDocument) -> str:
        return said.name.replace(self.honest_address, self.key.address.lower())

    def publish(self, document: AttestationDocument) -> None:
        self.put(document.name, document.data)

    def put(self, name: str, data: bytes) -> None:
        path = self.own / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def submit(self, *documents: AttestationDocument, index: int | None = None, wait: bool = True) -> None:
        """Bring signatures over the report of the first to the hub; a refusal is the hub's right."""
        report = documents[0].report
        fields = (report.model_id, report.version, report.frame, report.policy, report.manifest)
        place = self.index if index is None else index
        call = self.hub.functions.submit(
            (*fields, report.evidence, list(report.values)),
            [(place, document.witness, document.signature) for document in documents],
        )
        fees = {"maxFeePerGas": 10**12, "maxPriorityFeePerGas": 2 * 10**9, "gas": 3_000_000}
        nonce = self.web3.eth.get_transaction_count(self.key.address, "pending")
        transaction = call.build_transaction({"from": self.key.address, "nonce": nonce, **fees})
        signed = self.key.sign_transaction(transaction)
        sent = self.web3.eth.send_raw_transaction(signed.raw_transaction)
        if wait:
            self.web3.eth.wait_for_transaction_receipt(sent, timeout=20)


CONDUCTS: tuple[Callable[[Hostile, AttestationDocument], None], ...] = (
    Hostile.lie,
    Hostile.write_garbage,
    Hostile.replay,
    Hostile.flood,
    Hostile.copy,
    Hostile.withhold,
)


def conduct_of(frame: int) -> int:
    """Return the place in `CONDUCTS` of what is done in a frame."""
    return frame // 3 % len(CONDUCTS)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    Hostile(json.loads(Path(sys.argv[1]).read_text("utf-8"))).run()
