"""Who cannot see well, or uses no mouse: axe finds nothing on any page, in both schemes and sizes.

axe-core is put into the page by the test alone, past the page's own policy, which forbids foreign scripts.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import pytest

from integration.page_world import PICTURES, Stand, choose_wallet, opened
from integration.test_call_page import HARM
from integration.test_proposal_page import drafted, proposed
from support.anvil import ROOT
from support.browser import PHONE, SKIP_REASON, Wallet, find_chromium
from support.index import judged, put, read_chain
from tribune.ballots.linking import WalletLinks

if TYPE_CHECKING:
    from playwright.async_api import Page, ViewportSize

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
USER = 80351110224678912
SHAPES: tuple[tuple[Literal["light", "dark"], ViewportSize, str], ...] = (
    ("light", {"width": 1280, "height": 800}, "desktop"),
    ("dark", {"width": 360, "height": 740}, "phone"),
)

BROKEN_WORDS = """() => {
  const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const range = new Range(), found = [];
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (text.parentElement.closest('code, pre, svg, option')) continue;
    for (const word of text.data.matchAll(/[^\\s-]+/g)) {
      if (/0x|[_\\/]/.test(word[0])) continue;
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(one => one.top)).size > 1) found.push(word[0]);
    }
  }
  return found;
}"""
"""Words that go on in the next line without having ended; addresses and names of metrics may."""

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
    pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: run `make setup`"),
]


async def findings(page: Page) -> list[Any]:
    """Return what axe finds, with all that is folded opened."""
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    if not await page.evaluate("'axe' in window"):
        await page.add_script_tag(path=AXE)
    found = await page.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
    assert len(found["passes"]) > 10  # it has looked
    return [
        (one["id"], node["target"], node["failureSummary"])
        for one in found["violations"]
        for node in one["nodes"]
    ]


async def look(stand: Stand, address: str, name: str) -> None:
    """Look at a page in both languages, schemes and sizes, and keep pictures."""
    for language in ("en", "de"):
        async with opened(stand.browser, address, locale=language, bypass_csp=True) as page:
            await page.wait_for_function("document.querySelector('#account')?.textContent !== ''")
            assert await page.evaluate("document.documentElement.lang") == language
            for scheme, size, shape in SHAPES:
                await page.emulate_media(color_scheme=scheme)
                await page.set_viewport_size(size)
                assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
                assert await page.evaluate(BROKEN_WORDS) == [], (name, shape, language)
                picture = PICTURES / f"{name}-{shape}-{scheme}-{language}.png"
                await page.screenshot(path=picture, full_page=True)
                if language == "en":  # another language changes words, which axe does not read
                    assert await findings(page) == [], (name, scheme)


async def test_pages__list_evidence_and_error__nothing_found(stand: Stand) -> None:
    from tribune.ballots.cases.view import read_case_vote
    from tribune.ballots.documents import Documents
    from tribune.ids import CaseId

    vote = await read_case_vote(stand.contracts, Documents([stand.voting.folder]), CaseId(1))
    await look(stand, f"{stand.url}/", "list")
    await look(stand, f"{stand.url}/evidence/{vote.evidence}/view", "evidence")
    await look(stand, f"{stand.url}/b/99", "error")


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
async def test_pages__times__are_in_the_visitors_zone_with_utc_beside_them(stand: Stand, zone: str) -> None:
    async with stand.opened("/b/1", locale="en", timezone_id=zone) as page:
        await page.wait_for_function("document.querySelector('time')?.title !== ''")
        when, shown, title = await page.evaluate(
            "(t => [t.dateTime, t.textContent, t.title])(document.querySelector('time'))"
        )
    moment = datetime.fromisoformat(when)
    assert " ".join(shown.split()).endswith(f"{moment.astimezone(ZoneInfo(zone)):%-I:%M:%S %p}")
    assert title == f"{moment:%Y-%m-%d %H:%M:%S} UTC"


async def test_pages__ballot__nothing_found(stand: Stand) -> None:
    await look(stand, f"{stand.url}/b/1", "ballot")


async def test_pages__ballot_over__nothing_found_and_says_how_it_went(stand: Stand) -> None:
    chain, governor = stand.voting.chain, stand.voting.governor.functions
    for holder in stand.voting.holders[:2]:
        chain.send(governor.castVote(stand.voting.proposal_id, 1), holder)
    chain.send(governor.executeCase(1))
    await look(stand, f"{stand.url}/b/1", "ballot-over")


async def test_pages__incident__nothing_found(stand: Stand) -> None:
    chain, governor = stand.voting.chain, stand.voting.governor.functions
    for holder in stand.voting.holders[:2]:
        chain.send(governor.castVote(stand.voting.proposal_id, 1), holder)
    chain.send(governor.executeCase(1))
    await read_chain(chain, stand.store)
    await look(stand, f"{stand.url}/i/1", "incident")


async def test_pages__votes_report_monitors_and_trail__nothing_found(stand: Stand) -> None:
    chain, governor = stand.voting.chain, stand.voting.governor.functions
    for holder, support in zip(stand.voting.holders[:3], (1, 0, 2), strict=True):
        chain.send(governor.castVote(stand.voting.proposal_id, support), holder)
    await read_chain(chain, stand.store)
    await look(stand, f"{stand.url}/proposals", "proposals")
    await look(stand, f"{stand.url}/r/1/1/0", "report")
    await look(stand, f"{stand.url}/monitors", "monitors")
    await look(stand, f"{stand.url}/monitors/{chain.monitors[0].address}", "monitor")
    await look(stand, f"{stand.url}/audit?kind=everything", "audit")
    await look(stand, f"{stand.url}/audit?model=nothing&from=yesterday&who=me", "audit-refused")
    await look(stand, f"{stand.url}/b/1", "ballot-voters")


async def test_pages__link__nothing_found(stand: Stand) -> None:
    links = WalletLinks(stand.store, stand.contracts.chain, stand.url)
    await look(stand, (await links.invite(USER)).url, "link")


async def test_pages__delegation__nothing_found(stand: Stand) -> None:
    await look(stand, f"{stand.url}/delegate?to={stand.voting.chain.steward.address}", "delegate")


async def test_pages__call__nothing_found(stand: Stand) -> None:
    from tribune.ballots.documents import Documents
    from tribune.ballots.holders.beginning import begin_call, plan_call
    from tribune.chain.enums import CaseKind
    from tribune.ids import ModelId

    folder, stop = stand.voting.folder, CaseKind.HOLDER_PAUSE
    plan = await plan_call(stand.contracts, [folder], stop, ModelId(1), HARM)
    await begin_call(stand.store, stand.contracts, Documents([folder]), plan.cid)
    await look(stand, f"{stand.url}/c/1", "call")


async def test_pages__draft_and_proposal__nothing_found(stand: Stand) -> None:
    await look(stand, f"{stand.url}{await drafted(stand)}", "draft")
    await proposed(stand)
    await look(stand, f"{stand.url}/p/1", "proposal")


async def test_pages__ballot_with_a_wallet__nothing_found(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[2])
    for scheme in ("light", "dark"):
        async with stand.opened("/b/1", wallet, size=PHONE, color_scheme=scheme, bypass_csp=True) as page:
            await choose_wallet(page)
            await expect(page.locator("#sign")).to_be_enabled()
            await page.screenshot(path=PICTURES / f"ballot-wallet-phone-{scheme}-en.png", full_page=True)
            assert await findings(page) == []


async def test_pages__refusal__nothing_found_and_is_read_aloud(stand: Stand) -> None:
    from playwright.async_api import expect

    async with stand.opened("/b/1", Wallet(stand.voting.chain.steward), bypass_csp=True) as page:
        await choose_wallet(page)
        await expect(page.get_by_role("alert")).to_contain_text("This wallet had no votes")
        await expect(page.get_by_role("link", name="No votes? Delegate your tokens")).to_be_visible()
        assert await findings(page) == []


async def test_pages__model_history_and_rules__nothing_found(stand: Stand) -> None:
    from tribune.store.happenings import events_of_model

    await read_chain(stand.voting.chain, stand.store)
    [policy] = await stand.store.read(events_of_model, 1, ["PolicySet"])
    [opened_case] = await stand.store.read(events_of_model, 1, ["CaseOpened"])
    of = {"policy": policy.args["digest"], "evidence": opened_case.args["details"]["evidence"]}
    frames = ((1, 20_000, 0), (2, 30_000, 0), (4, 410_000, 1))
    await stand.store.run(put, *(judged(1, frame, value, hits=hits, **of) for frame, value, hits in frames))
    await look(stand, f"{stand.url}/", "overview")
    await look(stand, f"{stand.url}/m/1", "model")
    await look(stand, f"{stand.url}/m/1/history", "history")
    await look(stand, f"{stand.url}/m/1/policy", "policy")
