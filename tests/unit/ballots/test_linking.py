"""Linking by Sign-In with Ethereum: spent once, by a signature that holds, and by nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from support.anvil import CHAIN_ID, Anvil
from tribune.ballots.linking import LinkRefusedError, WalletLinks
from tribune.chain.client import Chain
from tribune.ids import Address
from tribune.store.queries import wallets_of
from tribune.store.session import Store, open_store

URL = "https://dao.example"
USER = 80351110224678912
WALLET = Account.from_key("0x" + "22" * 32)
OTHER = Account.from_key("0x" + "33" * 32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
async def links(store: Store, anvil: Anvil) -> AsyncIterator[WalletLinks]:
    async with Chain(anvil.http_url, chain_id=CHAIN_ID, timeout_s=5) as chain:
        yield WalletLinks(store, chain, URL)


def sign(message: str, account: object = WALLET) -> str:
    signed = account.sign_message(encode_defunct(text=message))  # type: ignore[attr-defined]
    return "0x" + bytes(signed.signature).hex()


async def test_redeem__signed_as_asked__links_the_wallet(links: WalletLinks, store: Store) -> None:
    invite = await links.invite(USER)
    message = await links.message(invite.token, Address(WALLET.address))
    linked = await links.redeem(invite.token, message, sign(message))
    assert (linked.discord_user_id, linked.wallet) == (USER, WALLET.address)
    assert await store.read(wallets_of, USER) == [WALLET.address]


async def test_redeem__twice__refused(links: WalletLinks) -> None:
    invite = await links.invite(USER)
    message = await links.message(invite.token, Address(WALLET.address))
    await links.redeem(invite.token, message, sign(message))
    with pytest.raises(LinkRefusedError, match="not valid any more"):
        await links.redeem(invite.token, message, sign(message))


async def test_look__any_number_of_times__spends_nothing(links: WalletLinks) -> None:
    invite = await links.invite(USER)
    offers = [await links.look(invite.token) for _ in range(3)]
    assert offers[0] == offers[2]


async def test_redeem__bad_signature__does_not_spend_the_link(links: WalletLinks) -> None:
    invite = await links.invite(USER)
    message = await links.message(invite.token, Address(WALLET.address))
    with pytest.raises(LinkRefusedError, match=WALLET.address):
        await links.redeem(invite.token, message, sign(message, OTHER))
    await links.redeem(invite.token, message, sign(message))


async def test_redeem__expired__refused(links: WalletLinks) -> None:
    invite = await links.invite(USER, lifetime=timedelta(seconds=-1))
    with pytest.raises(LinkRefusedError) as refused:
        await links.redeem(invite.token, "", "")
    assert refused.value.ids["gone"]


async def test_redeem__unknown_token__refused(links: WalletLinks) -> None:
    with pytest.raises(LinkRefusedError):
        await links.redeem("nothing", "", "")


async def test_redeem__message_of_another_link__refused(links: WalletLinks) -> None:
    mine, theirs = await links.invite(USER), await links.invite(USER + 1)
    message = await links.message(theirs.token, Address(WALLET.address))
    with pytest.raises(LinkRefusedError, match="another"):
        await links.redeem(mine.token, message, sign(message))


@pytest.mark.parametrize(
    ("there", "instead", "what"),
    [
        ("dao.example wants", "evil.example wants", "another site"),
        ("URI: https://dao.example/link", "URI: https://evil.example/link", "another address"),
        ("Chain ID: 31337", "Chain ID: 1", "another chain"),
        (f"user {USER}", f"user {USER + 1}", "another user"),
        ("Expiration Time: 2", "Expiration Time: 1", "not valid now"),
        ("Issued At: 2", "Issued At: 3", "the future"),
    ],
)
async def test_redeem__message_changed__refused(
    links: WalletLinks, there: str, instead: str, what: str
) -> None:
    invite = await links.invite(USER)
    message = await links.message(invite.token, Address(WALLET.address))
    assert there in message
    changed = message.replace(there, instead)
    with pytest.raises(LinkRefusedError, match=what):
        await links.redeem(invite.token, changed, sign(changed))


@pytest.mark.parametrize("message", ["", "hello", "x" * 5000])
async def test_redeem__no_such_message__refused(links: WalletLinks, message: str) -> None:
    invite = await links.invite(USER)
    with pytest.raises(LinkRefusedError, match="not a Sign-In"):
        await links.redeem(invite.token, message, sign(message))


async def test_invite__stored__not_by_its_token(links: WalletLinks, store: Store) -> None:
    invite = await links.invite(USER)
    with store.session() as session:
        rows = session.connection().exec_driver_sql("SELECT token_sha256 FROM link_token").all()
    assert len(rows) == 1
    assert invite.token not in rows[0][0]
