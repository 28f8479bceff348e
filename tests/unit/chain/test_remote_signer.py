"""A key that stays in another process: what it signs is mined, and counts for the hub."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.anvil import KEYS
from support.signer import SLOW_S, SocketSigner, signer_process
from tribune.chain.report_hub import Attestation, Attested
from tribune.exceptions import SignatureError
from tribune.ids import Address
from tribune.keys import SignerAccount
from tribune.reports.signing import HubDomain, sign_attestation
from tribune.sync.sender import Sender
from unit.chain.place import MONITORS, WITNESS, Place, address, reportable


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[SignerAccount]:
    """The first monitor's account, its key in a process of its own."""
    with signer_process(tmp_path, KEYS[MONITORS[0]], "high s") as path:
        yield SignerAccount(SocketSigner(path))


async def test_sender__key_in_another_process__transaction_is_mined(
    place: Place, remote: SignerAccount
) -> None:
    call = place.tribune.token.delegate(address(2))
    receipt = await Sender(place.tribune.chain, remote, receipt_timeout_s=15).send(call)
    assert receipt.succeeded
    sent = await place.tribune.chain.request("eth_getTransactionByHash", receipt.tx_hash)
    assert Address(sent["from"]).lower() == address(MONITORS[0]).lower()


@pytest.mark.alone
async def test_sender__signer_takes_its_time__everything_else_goes_on(place: Place, tmp_path: Path) -> None:
    gaps: list[float] = []

    async def tick() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - began)

    with signer_process(tmp_path, KEYS[MONITORS[0]], "slow") as path:
        sender = Sender(place.tribune.chain, SignerAccount(SocketSigner(path)), receipt_timeout_s=15)
        ticking = asyncio.create_task(tick())
        assert (await sender.send(place.tribune.token.delegate(address(2)))).succeeded
        ticking.cancel()
    assert max(gaps) < SLOW_S / 2


async def test_submit__attestation_by_another_process__counts_as_that_monitors(
    place: Place, remote: SignerAccount
) -> None:
    report, _ = await reportable(place)
    hub = place.tribune.report_hub
    signature = sign_attestation(remote, HubDomain(31337, hub.address), report, WITNESS)
    sender = Sender(place.tribune.chain, remote, receipt_timeout_s=15)
    receipt = await sender.send(hub.submit(report, [Attestation(0, WITNESS, signature)]))
    assert [e.monitor for e in hub.events(receipt.logs) if isinstance(e, Attested)] == [address(MONITORS[0])]


async def test_sender__signer_answers_with_another_key__nothing_is_sent(place: Place, tmp_path: Path) -> None:
    with signer_process(tmp_path, KEYS[MONITORS[1]], "another key") as path:
        sender = Sender(place.tribune.chain, SignerAccount(SocketSigner(path)), receipt_timeout_s=15)
        before = await place.tribune.chain.nonce(sender.address)
        with pytest.raises(SignatureError):
            await sender.send(place.tribune.token.delegate(address(2)))
        assert await place.tribune.chain.nonce(sender.address) == before
