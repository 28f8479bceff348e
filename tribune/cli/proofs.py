"""Commands for who has no log: check a proof of a decision, and what a receipt is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.checking import verify
from tribune.cli.options import Json, MaybeVersion, SettingsFile
from tribune.cli.running import run
from tribune.cli.showing import say

if TYPE_CHECKING:
    from tribune.decisions.proofs.proof import DecisionProof
    from tribune.decisions.proofs.receipts import Receipt
    from tribune.settings import Settings

_MAX_RECEIPT = 65_536


def register(_: typer.Typer) -> None:
    """Add these commands to `tribune verify`."""
    verify.command("decision")(verify_decision)
    verify.command("receipt")(verify_receipt)


def verify_decision(
    proof: Annotated[Path, typer.Argument(help="As `tribune decisions prove` wrote it.")],
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the chain.")] = False,
    json: Json = False,
    settings: SettingsFile = None,
) -> None:
    """Check a proof of a decision: by itself, and against what the chain anchors."""
    from tribune.decisions.proofs.proof import check_proof, read_proof
    from tribune.exceptions import EvidenceError

    async def part(read: Settings) -> None:
        from tribune.chain import Tribune
        from tribune.operations.proving import check_on_chain

        try:
            given = read_proof(proof)
            check_proof(given)
            if not offline:
                async with await Tribune.connect(read) as tribune:
                    await check_on_chain(tribune, given)
        except EvidenceError as fault:
            say(json, {"proven": False, "why": str(fault)}, f"NOT PROVEN. {fault}")
            raise typer.Exit(1) from None
        words = _words(given, offline)
        say(json, {"proven": True, "checked_on_chain": not offline, **given.document()}, words)

    run(settings, part)


def verify_receipt(
    receipt: Annotated[
        Path, typer.Argument(help="A receipt: the JSON document, or the response header as it came.")
    ],
    log: Annotated[
        Path | None, typer.Option(help="The log that the operator publishes.", show_default=False)
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="Of the receipt key, for a header: its server tells it.", show_default=False),
    ] = None,
    version: MaybeVersion = None,
    json: Json = False,
    settings: SettingsFile = None,
) -> None:
    """Say what a receipt is worth: proven, not due yet, or missing, which is proof against the operator.

    Ends with 0 only where it is proven. A header needs --certificate and the --version that answered.
    """
    from tribune.exceptions import EvidenceError, SignatureError

    async def part(read: Settings) -> None:
        from tribune.chain import Tribune
        from tribune.operations.receipt_claims import Standing, judge

        given = _receipt(receipt, certificate, version)
        about = {**given.document(), "signed": given.batch is not None}
        try:
            async with await Tribune.connect(read) as tribune:
                found = await judge(tribune, given, log)
        except (EvidenceError, SignatureError) as fault:
            say(json, {**about, "standing": "not valid", "why": str(fault)}, f"NOT VALID. {fault}")
            raise typer.Exit(1) from None
        if found.certifier is None:
            signed = "The receipt is unsigned: whatever it says, it proves nothing against the operator."
        elif found.accuses:
            signed = f"It is signed, with a key that {found.certifier} certified: PROOF AGAINST THE OPERATOR."
        else:
            signed = f"It is signed, with a key that {found.certifier} certified for the operator."
        more = {
            "frame": found.frame,
            "standing": found.standing,
            "certifier": found.certifier,
            "accuses": found.accuses,
        }
        say(json, {**about, **more, "why": found.words}, f"{found.words}\n{signed}")
        if found.standing is not Standing.PROVEN:
            raise typer.Exit(1)

    run(settings, part)


def _receipt(path: Path, certificate: Path | None, version: int | None) -> Receipt:
    """Return the receipt in a stranger's file."""
    from tribune.decisions.proofs.proof import read_document
    from tribune.decisions.proofs.receipt_key import read_certificate
    from tribune.decisions.proofs.receipts import Receipt, receipt_in
    from tribune.exceptions import ConfigurationError, DataError
    from tribune.ids import VersionNumber
    from tribune.untrusted import load_json

    data = read_document(path, _MAX_RECEIPT)
    if len(data) > _MAX_RECEIPT:
        raise DataError("This is no receipt: it is too large.")
    if not data.lstrip().startswith(b'"'):
        try:
            return Receipt.of(load_json(data))
        except ValueError as fault:
            raise DataError(f"This is no receipt: {fault}.") from fault
    if certificate is None or version is None:
        raise ConfigurationError(
            "A header does not say whose receipt it is.", mend="Add --certificate and --version."
        )
    known = read_certificate(certificate)
    try:
        field = data.decode("ascii")
    except UnicodeDecodeError:
        raise DataError("This is no receipt: a header is ASCII.") from None
    return receipt_in(field, model_id=known.model_id, version=VersionNumber(version), certificate=known)


def _words(proof: DecisionProof, offline: bool) -> str:
    """Say what a proof that holds shows."""
    import json

    from tribune.wording import counted

    contract = proof.contract
    lines = [
        f"Decision {proof.id} of model {proof.model_id} v{proof.version}, made {_moment(proof.time)}, is in "
        f"frame {proof.frame}, one of {counted(proof.rows, 'decision')}.",
        "By itself: its leaf leads to the frame's root, and root, manifest and rows make the word",
        f"  0x{proof.word.hex()}.",
    ]
    if offline:
        lines.append("On the chain: not asked. Until it is, anyone could have made this up.")
    else:
        lines.append(
            f"On the chain: {contract.address} on chain {contract.chain_id} anchors this word for the frame."
        )
    if proof.opened is None:
        lines.append("What was asked and answered is not shown; the leaf binds its digest.")
    else:
        lines.append("What was asked and answered, as the leaf binds it (numbers in hexadecimal):")
        lines.append(f"  {json.dumps(proof.opened.content, ensure_ascii=True, sort_keys=True)}")
    return "\n".join(lines)


def _moment(time: int) -> str:
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)
    except OverflowError:
        return f"{time} µs after 1970"
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"
