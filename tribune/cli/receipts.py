"""`tribune gate receipt-key`: a key that signs receipts, certified by the model's logger or steward."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.options import Json, OfModel, SettingsFile
from tribune.cli.running import run
from tribune.cli.showing import say
from tribune.ids import ModelId

if TYPE_CHECKING:
    from tribune.settings import Settings


def receipt_key(
    file: Annotated[Path, typer.Argument(help="The key's file to make; never overwritten.")],
    model: OfModel,
    role: Annotated[
        str, typer.Option(help="Who certifies it, as in the settings: the model's logger or steward.")
    ] = "logger",
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it may sign.")] = 90,
    json: Json = False,
    settings: SettingsFile = None,
) -> None:
    """Make a key that signs receipts, and its certificate beside it (.json), which is public."""

    async def part(read: Settings) -> None:
        import secrets
        import time

        from tribune.chain import Tribune
        from tribune.decisions.proofs.receipt_key import certify, write_certificate, write_receipt_key
        from tribune.decisions.typed import LogContract, address_of
        from tribune.exceptions import ConfigurationError
        from tribune.keys import load_account
        from tribune.keys.keystore import refuse_existing

        certificate = file.with_name(file.name + ".json")
        for path in (file, certificate):
            refuse_existing(path)
        account = load_account(read, role)
        async with await Tribune.connect(read) as tribune:
            steward = await tribune.model_registry.steward(ModelId(model))
            logger = await tribune.decision_log.logger_of(ModelId(model))
            contract = LogContract(tribune.chain.chain_id, tribune.decision_log.address)
        if account.address not in (steward, logger):
            raise ConfigurationError(
                f'The key of the role "{role}" is neither steward nor logger of model {model}.',
                mend=f"Sign with the key of {logger if int(logger, 16) else steward}.",
            )
        secret = secrets.token_bytes(32)
        made = certify(
            account, contract, ModelId(model), address_of(secret), int(time.time()) + days * 86_400
        )
        write_receipt_key(file, secret)
        write_certificate(certificate, made)
        about = {"model": model, "key": made.key, "not_after": made.not_after}
        say(json, {**about, "file": str(file), "certificate": str(certificate)}, made.key)
        typer.echo(
            f"Name {file} and {certificate} under [gate.log] where the model is served. "
            "Whoever gets receipts needs the certificate.",
            err=True,
        )

    run(settings, part)
