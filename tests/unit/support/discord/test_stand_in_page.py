"""The page in a real Chromium: a person presses, types a command, fills a modal, sees an edit arrive."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import discord
import pytest
from playwright.async_api import Page, async_playwright, expect

from support.discord.sample import Bot, Vote
from support.discord.server import StandIn

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)"),
]


@pytest.fixture
async def page(stand_in: StandIn, bot: Bot) -> AsyncIterator[Page]:
    await bot.tree.sync()
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        opened = await browser.new_page()
        opened.set_default_timeout(10_000)
        await opened.goto(f"http://127.0.0.1:{stand_in.control_port}/")
        yield opened
        await browser.close()


async def test_page__button_pressed_as_ben__only_ben_sees_the_answer(page: Page, bot: Bot) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(Vote(7))
    sent = await bot.text_channel().send("28 % for", view=view)
    await page.get_by_label("You are").select_option("ben")
    await page.get_by_role("button", name="Vote").click()
    link = page.get_by_role("link", name="Open the ballot")
    await expect(link).to_have_attribute("href", "https://example.org/b/7")
    await sent.edit(content="31 % for")
    await expect(page.get_by_text("31 % for")).to_be_visible()
    await page.get_by_label("You are").select_option("cleo")
    await expect(link).to_have_count(0)


async def test_page__command_and_modal__answered_twice_over(page: Page) -> None:
    for reason in ("first", "second"):
        await page.get_by_label("Command").fill("/why")
        await page.get_by_role("button", name="Run").click()
        await page.get_by_label("Reason").fill(reason)
        await page.get_by_role("button", name="Submit").click()
        await expect(page.get_by_text(f"Because: {reason}")).to_be_visible()
    await page.get_by_label("Command").fill("/nothing")
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_role("status")).to_have_text("there is no command /nothing")
