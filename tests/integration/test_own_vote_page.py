"""Voting by a transaction of one's own in real Chromium: the wallet pays, and the page says how it went."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from integration.page_world import PICTURES, SendingWallet, Stand, choose_wallet, opened, served, vote_on_page
from integration.test_ballot_page import may_sign, see
from integration.test_proposal_page import proposed
from support.browser import DESKTOP, PHONE, SKIP_REASON, find_chromium
from tribune.settings import RelaySettings
from tribune.store.queries import ballot_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page, Route

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
]

PAY = "Send it myself and pay the fee"
NO_BUDGET = RelaySettings(per_wallet_per_day=0)


def wallet_of(stand: Stand, place: int, **options: str | bool | int) -> SendingWallet:
    return SendingWallet(stand.voting.holders[place], chain=stand.voting.chain, **options)  # type: ignore[arg-type]


async def pay_on_page(page: Page, choice: str, reason: str = "") -> None:
    """Choose a wallet, a choice and a reason, and have the wallet send it."""
    await choose_wallet(page)
    await may_sign(page)
    await page.get_by_label(choice, exact=True).check()
    if reason:
        await page.get_by_label("Reason").fill(reason)
    await page.get_by_role("button", name=PAY).click()


async def came_to_pass(what: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(300):
        if await what():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("waited in vain")


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_own_vote__sent_by_the_wallet__names_the_fee_and_the_block(
    stand: Stand, name: str, size: dict[str, int]
) -> None:
    from playwright.async_api import expect

    wallet = wallet_of(stand, 2)
    wallet.may_answer.clear()
    async with stand.opened("/b/1", wallet, size=size) as page:
        await pay_on_page(page, "For", "unfair to women")
        await see(
            page, "#status", "Your wallet asks you to confirm a transaction. It pays the network a fee of"
        )
        assert " ETH for it." in (await page.text_content("#status") or "")
        await page.screenshot(path=PICTURES / f"ballot-{name}-pays.png", full_page=True)
        wallet.may_answer.set()
        await see(page, "#status", "Counted in block")
        block = stand.voting.chain.web3.eth.get_block("latest")
        await see(page, "#status", f"Counted in block {block['number']}: For, 170,000 votes.")
        [sent] = block["transactions"]
        await expect(page.locator("#transaction")).to_have_text(f"0x{bytes(sent).hex()}")  # type: ignore[arg-type]
        await expect(page.locator("#tally-for")).to_have_text("170,000 (17.0 %)")
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert "eth_signTypedData_v4" not in wallet.asked
    [cast] = stand.voting.governor.events.VoteCast().get_logs(from_block=0)
    assert (cast["args"]["voter"], cast["args"]["reason"]) == (wallet.address, "unfair to women")
    row = await stand.store.read(ballot_of, stand.voting.proposal_id, wallet.address)
    assert (row.state, row.signature, row.block_number) == ("mined", "", block["number"])  # type: ignore[union-attr]


async def test_own_vote__relayer_pays_no_more__leads_to_the_button_in_german_by_keyboard(
    stand: Stand,
) -> None:
    from playwright.async_api import expect

    async with (
        served(stand.store, stand.contracts, stand.voting.folder, limits=NO_BUDGET) as url,
        opened(stand.browser, f"{url}/b/1", wallet_of(stand, 3), size=PHONE, locale="de") as page,
    ):
        await page.get_by_role("button", name="Test Wallet").focus()
        await page.keyboard.press("Enter")
        await may_sign(page)
        await expect(page.get_by_label("Dafür", exact=True)).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await expect(page.locator("#sign")).to_be_focused()
        await page.keyboard.press("Enter")
        await see(page, "#error", "oder drück „Selbst senden und die Gebühr zahlen“.")
        await expect(page.get_by_role("button", name="Selbst senden und die Gebühr zahlen")).to_be_focused()
        await page.screenshot(path=PICTURES / "ballot-phone-no-budget-de.png", full_page=True)
        await page.keyboard.press("Enter")
        await see(page, "#status", "Gezählt in Block")
        await expect(page.locator("#status")).to_be_focused()
        await expect(page.locator("#error")).to_be_empty()
    assert stand.votes == (100_000, 0, 0)


async def test_own_vote__proposal__counted_by_the_slow_lanes_governor(stand: Stand) -> None:
    await proposed(stand)
    async with stand.opened("/p/1", wallet_of(stand, 1)) as page:
        await pay_on_page(page, "Against")
        await see(page, "#status", "Against, 250,000 votes.")


async def test_own_vote__wallet_on_another_chain__is_switched_before_it_sends(stand: Stand) -> None:
    wallet = wallet_of(stand, 2, chain_id=1)
    async with stand.opened("/b/1", wallet) as page:
        await pay_on_page(page, "For")
        await see(page, "#status", "Counted in block")
    assert wallet.asked.index("wallet_switchEthereumChain") < wallet.asked.index("eth_sendTransaction")


async def test_own_vote__chain_left_while_the_wallet_asks__nothing_is_sent_elsewhere(stand: Stand) -> None:
    """It would only cost: there is no governor."""
    wallet = wallet_of(stand, 2)
    async with stand.opened("/b/1", wallet) as page:

        async def leave(route: Route) -> None:
            wallet.chain_id = 1
            await route.continue_()

        await page.route("**/transaction?*", leave)
        await pay_on_page(page, "For")
        await see(page, "#error", "Your wallet said: Provided chainId must match the active chainId")
    assert stand.votes == (0, 0, 0)


async def test_own_vote__account_changed_while_the_wallet_asks__what_was_sent_is_followed(
    stand: Stand,
) -> None:
    """It is on its way, whichever account is shown by then: nobody may be told that nothing was sent."""
    wallet = wallet_of(stand, 2)
    wallet.may_answer.clear()
    async with stand.opened("/b/1", wallet) as page:
        await pay_on_page(page, "For")
        await see(page, "#status", "Your wallet asks you to confirm a transaction.")
        await wallet.change_account(page, stand.voting.holders[3])
        wallet.may_answer.set()
        await see(page, "#status", "For, 170,000 votes.")
    assert stand.votes == (0, 170_000, 0)


async def test_own_vote__declined_in_the_wallet__nothing_is_sent_and_may_be_tried_again(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = wallet_of(stand, 2, declines=True)
    async with stand.opened("/b/1", wallet) as page:
        await pay_on_page(page, "For")
        await see(page, "#error", "You declined in your wallet. Nothing was sent.")
        await expect(page.get_by_role("button", name=PAY)).to_be_focused()
        assert stand.votes == (0, 0, 0)
        wallet.declines = False
        await page.keyboard.press("Enter")
        await see(page, "#status", "Counted in block")


@pytest.mark.parametrize(
    ("wei", "words"),
    [
        (0, "This wallet has no ETH to pay the network's fee with."),
        (10**6, "This wallet holds 0.0000000000010 ETH"),
    ],
    ids=["none", "too few"],
)
async def test_own_vote__wallet_cannot_pay__says_so_before_it_is_asked(
    stand: Stand, wei: int, words: str
) -> None:
    wallet = wallet_of(stand, 2)
    stand.voting.chain.rpc("anvil_setBalance", wallet.address, hex(wei))
    async with stand.opened("/b/1", wallet) as page:
        await pay_on_page(page, "For")
        await see(page, "#error", words)
        await see(page, "#error", "Send it some, or sign instead: that is free while we pay.")
        await page.get_by_role("button", name="Sign my vote").click()
        await stand.relay_until_counted(page)
    assert "eth_sendTransaction" not in wallet.asked


async def test_own_vote__vote_ends_while_the_wallet_asks__says_that_it_failed_in_its_block(
    stand: Stand,
) -> None:
    wallet = wallet_of(stand, 2, gas=hex(500_000))
    wallet.may_answer.clear()
    async with stand.opened("/b/1", wallet) as page:
        await pay_on_page(page, "For")
        await see(page, "#status", "Your wallet asks you to confirm a transaction.")
        stand.voting.chain.warp(700)
        wallet.may_answer.set()
        await see(page, "#error", "it did not count, and its fee is spent. The vote has ended.")
        await see(page, "#state", "This vote takes no ballots now.")
    assert stand.votes == (0, 0, 0)


async def test_own_vote__reverts_though_the_vote_is_open__may_be_tried_again(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = wallet_of(stand, 2, gas=hex(30_000))  # too little
    async with stand.opened("/b/1", wallet) as page:
        await pay_on_page(page, "For")
        await see(page, "#error", "it did not count, and its fee is spent. Look in your wallet why")
        wallet.gas = ""
        await expect(page.get_by_role("button", name=PAY)).to_be_focused()
        await page.keyboard.press("Enter")
        await see(page, "#status", "Counted in block")


async def test_own_vote__cast_on_another_device_meanwhile__shows_that_vote(stand: Stand) -> None:
    wallet = wallet_of(stand, 2, gas=hex(500_000))
    wallet.may_answer.clear()
    async with stand.opened("/b/1", wallet) as page:
        await pay_on_page(page, "For")
        await see(page, "#status", "Your wallet asks you to confirm a transaction.")
        cast = stand.voting.governor.functions.castVote(stand.voting.proposal_id, 0)
        first = stand.voting.chain.send(cast, wallet.account)
        wallet.may_answer.set()
        await see(page, "#status", f"Counted in block {first['blockNumber']}: Against, 170,000 votes.")


async def test_own_vote__already_voted_before_it_is_pressed__shows_that_vote_and_asks_nothing(
    stand: Stand,
) -> None:
    wallet = wallet_of(stand, 2)
    async with stand.opened("/b/1", wallet) as page:
        await choose_wallet(page)
        await may_sign(page)
        stand.voting.chain.send(
            stand.voting.governor.functions.castVote(stand.voting.proposal_id, 1), wallet.account
        )
        await page.get_by_label("Against", exact=True).check()
        await page.get_by_role("button", name=PAY).click()
        await see(page, "#error", "This wallet has already voted. A vote cannot be changed.")
        await see(page, "#status", "For, 170,000 votes.")
        await may_sign(page, False)
    assert "eth_sendTransaction" not in wallet.asked


async def test_own_vote__signed_and_still_queued__may_be_sent_by_oneself_and_is_not_sent_again(
    stand: Stand,
) -> None:
    """As where the relayer has no coins: a minute later the page offers it; the queue takes it as done."""
    from playwright.async_api import expect

    chain, wallet = stand.voting.chain, wallet_of(stand, 2)
    async with stand.opened("/b/1", wallet) as page:
        await page.clock.install()
        await vote_on_page(page, "For")
        await see(page, "#status", "is on its way to the chain")

        async def offered() -> bool:
            await page.clock.run_for(1_000)
            return await page.get_by_role("button", name=PAY).is_enabled()

        await came_to_pass(offered)
        await expect(page.locator("#sign")).to_be_disabled()
        await see(page, "#status", "It takes long to bring your vote to the chain.")
        await page.get_by_role("button", name=PAY).click()

        async def counted() -> bool:
            await page.clock.run_for(1_000)
            return "Counted in block" in (await page.text_content("#status") or "")

        await came_to_pass(counted)
    blocks = chain.web3.eth.block_number
    assert await stand.relay.relay_all() == []
    assert chain.web3.eth.block_number == blocks
    assert stand.votes == (0, 170_000, 0)


async def test_own_vote__earlier_ballot_was_refused__is_not_taken_for_the_transactions_fate(
    stand: Stand,
) -> None:
    """A refused ballot stays in the records until its voter signs again, or votes otherwise."""
    from playwright.async_api import expect

    wallet = wallet_of(stand, 2)
    async with stand.opened("/b/1", wallet) as page:
        await vote_on_page(page, "For")
        await see(page, "#status", "is on its way to the chain")

        def refuse(session: object) -> None:
            row = ballot_of(session, stand.voting.proposal_id, wallet.address)  # type: ignore[arg-type]
            assert row is not None
            row.state, row.error = "rejected", "The contract did not take the signature."

        await stand.store.run(refuse)
        await see(page, "#error", "The contract did not take the signature.")
        stand.voting.chain.rpc("evm_setAutomine", False)
        try:
            await page.get_by_role("button", name=PAY).click()
            await see(
                page, "#status", "Your wallet has sent the transaction; waiting until it is in a block."
            )
            async with page.expect_response("**/api/ballots/1/0x*?tx=0x*") as waited:
                pass
            assert (await (await waited.value).json())["status"] == "sent"
        finally:
            stand.voting.chain.rpc("evm_setAutomine", True)
        stand.voting.chain.rpc("evm_mine")
        await see(page, "#status", "Counted in block")
        await expect(page.locator("#error")).to_be_empty()


async def test_own_vote__no_choice_made__asks_for_one_and_sends_nothing(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = wallet_of(stand, 2)
    async with stand.opened("/b/1", wallet) as page:
        await choose_wallet(page)
        await may_sign(page)
        await page.get_by_role("button", name=PAY).click()
        await expect(page.get_by_label("For", exact=True)).to_be_focused()
    assert "eth_sendTransaction" not in wallet.asked


async def test_own_vote__demos_wallet__counts(stand: Stand) -> None:
    import socket

    from examples.acs_employment.demo.actors import Holder
    from examples.acs_employment.demo.wallets import offered

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ada = Holder("ada", stand.voting.holders[0], 400_000)
    node = stand.voting.chain.anvil.http_url
    async with (
        offered(stand.url, port, [ada], node, 31337),
        opened(stand.browser, f"http://127.0.0.1:{port}/b/1") as page,
    ):
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await choose_wallet(page, "ada's demo wallet")
        await may_sign(page)
        await page.get_by_label("For", exact=True).check()
        await page.get_by_role("button", name=PAY).click()
        await see(page, "#status", "For, 399,000 votes.")
