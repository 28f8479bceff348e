"""The ballot page in real Chromium: a person clicks or types, a wallet signs, the ballot is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integration.page_world import (
    PICTURES,
    SendingWallet,
    Stand,
    choose_wallet,
    opened,
    served,
    vote_on_page,
)
from support.browser import DESKTOP, PHONE, SKIP_REASON, Wallet, find_chromium
from tribune.settings import WebSettings

if TYPE_CHECKING:
    from playwright.async_api import Page, Route


pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
]

FOCUS = """() => {
  const at = document.activeElement;
  return [at.textContent.trim(), at.matches(":focus-visible"), getComputedStyle(at).outlineStyle];
}"""
"""What has the focus, and whether it is seen."""


async def see(page: Page, selector: str, text: str) -> None:
    from playwright.async_api import expect

    await expect(page.locator(selector)).to_contain_text(text)


async def may_sign(page: Page, yes: bool = True) -> None:
    from playwright.async_api import expect

    await expect(page.locator("#sign")).to_be_enabled(enabled=yes)


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_ballot_page__clicked_through__counted_and_says_the_block(
    stand: Stand, name: str, size: dict[str, int]
) -> None:
    from playwright.async_api import expect

    voter = stand.voting.holders[2]
    async with stand.opened("/b/1", Wallet(voter), size=size) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Keep acs-employment v1 stopped?")
        await vote_on_page(page, "For", "unfair to women")
        await see(page, "#account", "170,000 votes (17.0 %)")
        await stand.relay_until_counted(page)
        block = stand.voting.chain.web3.eth.get_block("latest")
        await expect(page.locator("#status")).to_have_text(
            f"Counted in block {block['number']}: For, 170,000 votes."
        )
        [sent] = block["transactions"]
        await expect(page.locator("#transaction")).to_have_text(f"0x{bytes(sent).hex()}")  # type: ignore[arg-type]
        await expect(page.locator("#tally-for")).to_have_text("170,000 (17.0 %)")
        await see(page, "#newer", "Votes came in since: load the page again to see them here.")
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]
        await page.screenshot(path=PICTURES / f"ballot-{name}-counted.png", full_page=True)
    assert stand.votes == (0, 170_000, 0)


KEYS = {
    "en": ("Skip to the content", "Use Test Wallet", "For", "Sign my vote", "Send it myself and pay the fee"),
    "de": (
        "Zum Inhalt springen",
        "Test Wallet verwenden",
        "Dafür",
        "Meine Stimme unterschreiben",
        "Selbst senden und die Gebühr zahlen",
    ),
}
"""What the keyboard has to reach, in each language."""


@pytest.mark.parametrize("paid", [False, True], ids=["signed", "paid"])
@pytest.mark.parametrize("language", KEYS)
async def test_ballot_page__by_keyboard_alone__counted(stand: Stand, language: str, paid: bool) -> None:
    """From the top of the page: nothing is clicked, and what has the focus is always seen."""
    from playwright.async_api import expect

    skip, use, first, sign, send = KEYS[language]

    async def tab_to(text: str) -> None:
        for _ in range(25):
            await page.keyboard.press("Tab")
            focus = await page.evaluate(FOCUS)
            assert focus[1:] == [True, "solid"], focus
            if focus[0] == text:
                return
        raise AssertionError(f"the keyboard never reached {text!r}")

    wallet = SendingWallet(stand.voting.holders[3], chain=stand.voting.chain)
    async with stand.opened("/b/1", wallet, locale=language) as page:
        await expect(page.get_by_role("button", name=use)).to_be_visible()
        await tab_to(skip)
        await page.keyboard.press("Enter")
        await tab_to(use)
        await page.keyboard.press("Enter")
        await may_sign(page)
        await expect(page.get_by_label(first, exact=True)).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await page.keyboard.type("I see no harm")
        await tab_to(send if paid else sign)
        await page.keyboard.press("Enter")
        if not paid:
            await stand.relay_until_counted(page)
        await expect(page.locator("#receipt")).to_be_visible()
        await expect(page.locator("#status")).to_be_focused()
    assert stand.votes == (100_000, 0, 0)
    assert ("eth_sendTransaction" in wallet.asked) is paid


async def test_ballot_page__in_german__speaks_it_after_one_press(stand: Stand) -> None:
    from playwright.async_api import expect

    async with stand.opened("/b/1", Wallet(stand.voting.holders[2])) as page:
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await expect(page.locator("#tally-for")).to_have_text("0 (0,0 %)")
        await page.goto(f"{stand.url}/")  # the choice is kept
        await expect(page.locator("html")).to_have_attribute("lang", "de")


async def test_ballot_page__several_wallets__the_chosen_one_votes(stand: Stand) -> None:
    from playwright.async_api import expect

    one = Wallet(stand.voting.holders[2], name="First")
    other = Wallet(stand.voting.holders[3], name="Second")
    async with stand.opened("/b/1", one, other) as page:
        await vote_on_page(page, "Against", wallet="Second")
        await expect(page.get_by_role("button", pressed=True)).to_have_text("Use Second")
        await stand.relay_until_counted(page)
        await expect(page.locator("#receipt")).to_be_visible()
        assert one.asked == []
        await page.get_by_role("button", name="Use First").click()
        await see(page, "#account", "170,000 votes (17.0 %)")
        await expect(page.locator("#receipt")).to_be_hidden()
    assert stand.votes == (100_000, 0, 0)


async def test_ballot_page__wallet_without_eip6963__found_as_window_ethereum(stand: Stand) -> None:
    wallet = Wallet(stand.voting.holders[4], announced=False)
    async with stand.opened("/b/1", wallet) as page:
        await vote_on_page(page, "Abstain", wallet="this browser's wallet")
        await stand.relay_until_counted(page)
    assert stand.votes == (0, 0, 80_000)


async def test_ballot_page__contract_wallet__its_owner_signs_and_it_counts(stand: Stand) -> None:
    wallet = Wallet(stand.voting.holders[0], address=stand.safe)
    async with stand.opened("/b/1", wallet) as page:
        await vote_on_page(page, "For", "from a safe")
        await stand.relay_until_counted(page)
    assert stand.votes == (0, 1_000, 0)


async def test_ballot_page__wallet_on_another_chain__is_switched_before_it_signs(stand: Stand) -> None:
    wallet = Wallet(stand.voting.holders[2], chain_id=1)
    async with stand.opened("/b/1", wallet) as page:
        await vote_on_page(page, "For")
        await stand.relay_until_counted(page)
    assert wallet.asked.index("wallet_switchEthereumChain") < wallet.asked.index("eth_signTypedData_v4")
    assert wallet.chain_id == 31337


async def test_ballot_page__wallet_does_not_know_the_chain__says_so_and_signs_nothing(stand: Stand) -> None:
    wallet = Wallet(stand.voting.holders[2], chain_id=1, known_chains=(1,))
    async with stand.opened("/b/1", wallet) as page:
        await choose_wallet(page)
        await see(page, "#error", "Your wallet does not know local test chain. Add it there, then try again.")
        await may_sign(page, False)
    assert not wallet.added
    assert "eth_signTypedData_v4" not in wallet.asked


async def test_ballot_page__public_node_in_the_settings__the_chain_is_added(stand: Stand) -> None:
    web = WebSettings(chain_name="Test Chain", coin="TST", wallet_rpc_url="https://rpc.example")
    wallet = Wallet(stand.voting.holders[2], chain_id=1, known_chains=(1,))
    async with (
        served(stand.store, stand.contracts, stand.voting.folder, web) as url,
        opened(stand.browser, f"{url}/b/1", wallet) as page,
    ):
        await choose_wallet(page)
        await may_sign(page)
    assert wallet.added == [
        {
            "chainId": hex(31337),
            "chainName": "Test Chain",
            "nativeCurrency": {"name": "TST", "symbol": "TST", "decimals": 18},
            "rpcUrls": ["https://rpc.example"],
        }
    ]


async def test_ballot_page__no_power_at_the_snapshot__says_why_and_what_helps(stand: Stand) -> None:
    async with stand.opened("/b/1", Wallet(stand.voting.chain.steward)) as page:
        await choose_wallet(page)
        await see(page, "#error", "This wallet had no votes, counted at")
        await see(page, "#error", "Tokens count once they are delegated")
        assert await page.locator("#newer").is_hidden()  # nobody has voted since
        await may_sign(page, False)


async def test_ballot_page__already_voted__shows_the_vote(stand: Stand) -> None:
    voter, governor = stand.voting.holders[3], stand.voting.governor.functions
    receipt = stand.voting.chain.send(governor.castVote(stand.voting.proposal_id, 0), voter)
    async with stand.opened("/b/1", Wallet(voter)) as page:
        await choose_wallet(page)
        await see(page, "#status", f"Counted in block {receipt['blockNumber']}: Against, 100,000 votes.")
        await may_sign(page, False)


async def test_ballot_page__declined_in_the_wallet__nothing_is_sent_and_may_be_tried_again(
    stand: Stand,
) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[2], declines=True)
    async with stand.opened("/b/1", wallet) as page:
        await vote_on_page(page, "For")
        await see(page, "#error", "You declined in your wallet. Nothing was sent.")
        await may_sign(page)
        await expect(page.locator("#sign")).to_be_focused()
        assert await stand.relay.relay_all() == []
        wallet.declines = False
        await page.keyboard.press("Enter")
        await stand.relay_until_counted(page)
    assert stand.votes == (0, 170_000, 0)


async def test_ballot_page__account_changed_while_signing__nothing_is_sent(stand: Stand) -> None:
    wallet, other = Wallet(stand.voting.holders[2]), stand.voting.holders[3]
    wallet.may_answer.clear()
    async with stand.opened("/b/1", wallet) as page:
        await vote_on_page(page, "For")
        await see(page, "#status", "Your wallet asks you to sign.")
        await wallet.change_account(page, other)
        wallet.may_answer.set()
        await see(page, "#error", "Your wallet changed to another account while you were signing.")
        await see(page, "#account", "100,000 votes (10.0 %)")
        await may_sign(page)
    assert await stand.relay.relay_all() == []


async def test_ballot_page__same_account_told_again_while_signing__counted(stand: Stand) -> None:
    """Wallets give one account now in lower case, now with capitals."""
    wallet = Wallet(stand.voting.holders[2])
    wallet.may_answer.clear()
    async with stand.opened("/b/1", wallet) as page:
        await vote_on_page(page, "For")
        await see(page, "#status", "Your wallet asks you to sign.")
        await wallet.change_account(page, wallet.account)
        wallet.may_answer.set()
        await stand.relay_until_counted(page)
    assert stand.votes == (0, 170_000, 0)


async def test_ballot_page__wallet_disconnects_or_leaves_the_chain__says_so(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[2])
    async with stand.opened("/b/1", wallet) as page:
        await choose_wallet(page)
        await may_sign(page)
        await wallet.change_chain(page, 1)
        await see(page, "#error", "Your wallet is on another chain; this page needs local test chain.")
        await may_sign(page, False)
        await page.get_by_role("button", name="Switch the wallet to local test chain").click()
        await may_sign(page)
        await expect(page.locator("#error")).to_be_empty()
        await wallet.change_account(page, None)
        await see(page, "#error", "Your wallet is not connected any more.")
        await may_sign(page, False)


async def test_ballot_page__signature_of_another_account__refused_with_the_reason(stand: Stand) -> None:
    claimed = stand.voting.holders[2].address
    async with stand.opened("/b/1", Wallet(stand.voting.holders[4], address=claimed)) as page:
        await vote_on_page(page, "For")
        await see(page, "#error", f"The signature is not from {claimed} for this vote.")
        await may_sign(page)
    assert await stand.relay.relay_all() == []


async def test_ballot_page__answer_lost_after_sending__the_ballot_is_found_again(stand: Stand) -> None:
    sent = 0

    async def lose_first_answer(route: Route) -> None:
        nonlocal sent
        if route.request.method == "POST":
            sent += 1
            if sent == 1:
                await route.fetch()
                await route.abort()
                return
        await route.continue_()

    async with stand.opened("/b/1", Wallet(stand.voting.holders[2])) as page:
        await page.route("**/api/ballots/1", lose_first_answer)
        await vote_on_page(page, "For")
        await see(page, "#status", "is being sent again; it counts only once")
        await stand.relay_until_counted(page)
    assert sent == 2
    assert stand.votes == (0, 170_000, 0)


async def test_ballot_page__pressed_twice__asks_the_wallet_once(stand: Stand) -> None:
    wallet = Wallet(stand.voting.holders[2])
    async with stand.opened("/b/1", wallet) as page:
        await choose_wallet(page)
        await may_sign(page)
        await page.get_by_label("For", exact=True).check()
        await page.get_by_role("button", name="Sign my vote").dblclick()
        await stand.relay_until_counted(page)
    assert wallet.asked.count("eth_signTypedData_v4") == 1


async def test_ballot_page__vote_opens_while_it_is_shown__shows_the_ballot_by_itself(unopened: Stand) -> None:
    from playwright.async_api import expect

    async with unopened.opened("/b/1", Wallet(unopened.voting.holders[2])) as page:
        await see(page, "#state", "The vote is not open yet. Anyone can open it until")
        await see(page, "article", "openCase(1)")
        await expect(page.locator("#sign")).to_have_count(0)
        await page.screenshot(path=PICTURES / "ballot-not-opened.png", full_page=True)
        unopened.voting.open_vote()
        await expect(page.locator("#choice")).to_have_count(1)
        await see(page, "#state", "Voting ends")


@pytest.mark.parametrize("overtaken", [False, True], ids=["ended", "overtaken"])
async def test_ballot_page__takes_no_votes_any_more__says_so_also_without_a_wallet(
    stand: Stand, overtaken: bool
) -> None:
    from support.voting import decided_otherwise

    async with stand.opened("/b/1") as page:
        await see(page, "#state", "Voting ends")
        if overtaken:
            decided_otherwise(stand.voting.chain)
        else:
            stand.voting.chain.warp(700)
        await see(page, "#state", "This vote takes no ballots now.")


async def test_ballot_page__without_a_wallet__says_what_to_do(stand: Stand) -> None:
    from playwright.async_api import expect

    async with stand.opened("/b/1", size=PHONE) as page:
        await see(page, "#account", "No wallet was found")
        await expect(page.get_by_role("link", name="MetaMask")).to_be_visible()


async def test_ballot_page__without_a_script__can_be_read_and_gives_the_message(stand: Stand) -> None:
    from playwright.async_api import expect

    voter = stand.voting.holders[2]
    async with stand.opened("/b/1", java_script_enabled=False) as page:
        await expect(page.get_by_text("53 of 100 men and 6 of 100 women")).to_be_visible()
        await expect(page.get_by_role("button", name="Sign my vote")).to_be_hidden()
        await page.get_by_text("Vote without this page").click()
        await page.get_by_label("Address of your wallet").fill(voter.address)
        async with page.expect_download() as waited:
            await page.get_by_role("button", name="Download the message").click()
        download = await waited.value
        assert download.suggested_filename == "ballot-1.json"
