"""What was due and what was reported, from the chain and the files alone: no store of a worker is asked.

Due is each anchored frame, of each monitor on its panel. Reported is the event by which the hub counted it.
Lost is what was due and did not count; duplicated is what counted twice, or was signed in two versions by one
key, wherever the second one turned up: in a transaction, even one that failed, or in an evidence store.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.chain import TestChain
from tribune.exceptions import SignatureError
from tribune.ids import Address, Cid, Digest, FrameIndex, ModelId, VersionNumber
from tribune.reports.canonical import cid
from tribune.reports.signing import HubDomain, Report, recover, report_digest

Subject = tuple[int, int, str]
"""Model, frame, monitor."""


@dataclass(frozen=True)
class Ledger:
    """The account of a campaign."""

    due: int
    reported: int
    lost: list[Subject]
    duplicated: list[Subject]
    unreadable: list[Subject]
    """Reports whose evidence their monitor does not have, whole, under its name."""
    disagreed: list[tuple[int, int]]
    """Frames of which monitors reported different things."""
    transactions: int
    """Sent by monitors to the hub."""
    wasted: int
    """Of these, such as counted nothing: another's had come first."""
    cids: dict[Subject, Cid] = field(default_factory=dict, repr=False)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost or duplicated, and all can be read."""
        return not (self.lost or self.duplicated or self.unreadable)

    @property
    def numbers(self) -> dict[str, object]:
        """How many of each."""
        return {
            "due": self.due,
            "reported": self.reported,
            "lost": len(self.lost),
            "duplicated": len(self.duplicated),
            "unreadable": len(self.unreadable),
            "disagreed": len(self.disagreed),
            "transactions": self.transactions,
            "wasted": self.wasted,
        }


def account(
    chain: TestChain,
    models: Mapping[int, Collection[str]],
    evidence: Mapping[str, Path],
    *,
    from_frame: Mapping[int, int] | None = None,
    excused: Collection[Subject] = (),
) -> Ledger:
    """Draw up the account.

    Args:
        chain: the chain.
        models: model → addresses of its panel.
        evidence: address → folder of its evidence store.
        from_frame: model → first frame that is asked about.
        excused: reports that nobody owes, such as those of a monitor that was compromised.
    """
    hub, log = chain.contracts["ReportHub"], chain.contracts["DecisionLog"]
    due: set[Subject] = set()
    for event in log.events.FrameAnchored().get_logs(from_block=0):
        model, frame = event["args"]["modelId"], event["args"]["frame"]
        if model in models and frame >= (from_frame or {}).get(model, 1):
            due |= {(model, frame, monitor) for monitor in models[model]}
    due -= set(excused)
    counts: defaultdict[Subject, int] = defaultdict(int)
    signed: defaultdict[Subject, set[Digest]] = defaultdict(set)
    said: defaultdict[tuple[int, int], set[bytes]] = defaultdict(set)
    reports: dict[Digest, Report] = {}
    wasted = transactions = 0
    useful = set()
    domain = HubDomain(chain.web3.eth.chain_id, Address(hub.address))
    for event in hub.events.Attested().get_logs(from_block=0):
        args = event["args"]
        subject = (args["modelId"], args["frame"], args["monitor"])
        useful.add(event["transactionHash"])
        if subject in due:
            counts[subject] += 1
            signed[subject].add(Digest(args["report"]))
            said[subject[:2]].add(args["report"])
    for number in range(chain.web3.eth.block_number + 1):
        for transaction in chain.web3.eth.get_block(number, full_transactions=True)["transactions"]:
            assert not isinstance(transaction, bytes)
            if transaction.get("to") != hub.address:
                continue
            function, arguments = hub.decode_function_input(transaction["input"])
            if function.fn_name != "submit":
                continue
            transactions += 1
            wasted += transaction["hash"] not in useful
            report = _report(arguments["report"])
            digest = Digest(report_digest(report))
            reports[digest] = report
            for _, witness, signature in arguments["attestations"]:
                try:
                    monitor = recover(domain, report, Digest(witness), signature)
                except SignatureError:
                    continue
                signed[report.model_id, report.frame, monitor].add(digest)
    for owner, folder in evidence.items():
        for path in (folder / "attestations").rglob(f"{owner.lower()}.json"):
            report = _document(path)
            signed[report.model_id, report.frame, owner].add(report_digest(report))
    unreadable = []
    cids = {}
    for subject in sorted(counts):
        (digest, *_) = signed[subject]
        found = reports.get(digest)
        if found is None:
            continue
        cids[subject] = cid(found.evidence)
        file = evidence[subject[2]] / cids[subject]
        if not file.is_file() or hashlib.sha256(file.read_bytes()).digest() != found.evidence:
            unreadable.append(subject)
    return Ledger(
        due=len(due),
        reported=len(counts),
        lost=sorted(due - set(counts)),
        duplicated=sorted(s for s in due if counts[s] > 1 or len(signed[s]) > 1),
        unreadable=unreadable,
        disagreed=sorted(frame for frame, digests in said.items() if len(digests) > 1),
        transactions=transactions,
        wasted=wasted,
        cids=cids,
    )


def _report(raw: Any) -> Report:
    """Return the report of a transaction."""
    return Report(
        ModelId(raw["modelId"]),
        VersionNumber(raw["version"]),
        FrameIndex(raw["frame"]),
        Digest(raw["policy"]),
        Digest(raw["manifest"]),
        Digest(raw["evidence"]),
        tuple(raw["values"]),
    )


def _document(path: Path) -> Report:
    """Return the report of an attestation's file."""
    said = json.loads(path.read_text("utf-8"))["report"]
    policy, manifest, evidence = (
        Digest(bytes.fromhex(said[name][2:])) for name in ("policy", "manifest", "evidence")
    )
    values = tuple(int(value) for value in said["values"])
    about = ModelId(int(said["model"])), VersionNumber(int(said["version"])), FrameIndex(int(said["frame"]))
    return Report(*about, policy, manifest, evidence, values)
