"""The page in a real Chromium: a person presses, types a command, fills a modal, sees an edit arrive."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator

import discord
import pytest
from discord import app_commands
from playwright.async_api import FilePayload, Page, async_playwright, expect

from support.discord.sample import Bot, Choice, Vote
from support.discord.server import StandIn

CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 15_000
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
        opened.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
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


async def test_page__command_chosen_from_the_list__its_options_are_fields(page: Page) -> None:
    await page.get_by_text("All commands").click()
    await page.get_by_role("button", name="/power").click()
    await page.get_by_label("who").select_option(label="@cleo")
    await page.get_by_label("at (may be left out)").fill("12")
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_text("cleo at 12")).to_be_visible()


async def test_page__option_typed_in_the_line__needs_no_field(page: Page, stand_in: StandIn) -> None:
    cleo = stand_in.world.find_user("cleo").id
    line = page.get_by_label("Command")
    await line.click()
    await expect(page.locator("#names option")).not_to_have_count(0)  # it knows the commands by now
    await line.fill(f"/power who={cleo} at=7")
    await expect(page.get_by_label("at (may be left out)")).to_be_visible()
    await line.press("Enter")
    await expect(page.get_by_text("cleo at 7")).to_be_visible()


async def test_page__file_given_in_german__reaches_the_bot(page: Page) -> None:
    await page.get_by_label("Language").select_option("de")
    await page.get_by_label("Command").fill("/read")
    file: FilePayload = {"name": "policy.toml", "mimeType": "text/plain", "buffer": b"k = 2"}
    await page.get_by_label("text").set_input_files(file)
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_text("policy.toml: k = 2 in None de")).to_be_visible()


async def test_page__several_chosen__sent_together(page: Page, bot: Bot, stand_in: StandIn) -> None:
    await bot.text_channel().send("Choose", view=Choice())
    await page.get_by_role("button", name="Choose").click()
    await expect(page.get_by_text("none", exact=True)).to_be_visible()
    await page.get_by_label("Choose").last.select_option(label="#oversight")
    await expect(page.get_by_text("oversight", exact=True)).to_be_visible()


async def test_page__modal_cancelled__gone_and_nothing_sent(page: Page, stand_in: StandIn) -> None:
    await page.get_by_label("Command").fill("/why")
    await page.get_by_role("button", name="Run").click()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_label("Reason")).to_have_count(0)
    assert len(stand_in.world.interactions) == 1


async def test_page__german__times_are_german(page: Page, bot: Bot) -> None:
    await bot.text_channel().send("It began <t:946684800:R>, on <t:946684800:f>.")
    told = page.locator("#part article").last
    await expect(told).to_contain_text("days ago")
    await page.get_by_label("Language").select_option("de")
    await expect(told).to_contain_text("began vor ")
    await expect(told).to_contain_text("1.1.2000")


async def test_page__escaped_signs__are_shown_as_they_are(page: Page, bot: Bot) -> None:
    text = r"Run \`/setup\` for New\_York, \*not bold\*, \<t:1:R>, \[no](https://evil.example), a\\b **bold**"
    await bot.text_channel().send(text)
    shown = "Run `/setup` for New_York, *not bold*, <t:1:R>, [no](https://evil.example), a\\b bold"
    await expect(page.locator("#part article div").last).to_have_text(shown)


async def test_page__code_block__shown_as_it_is(page: Page, bot: Bot) -> None:
    await bot.text_channel().send("Check **it**:\n```\ntribune verify *report* <x>\n```\nor **not**")
    await expect(page.locator("#part pre")).to_have_text("tribune verify *report* <x>")
    await expect(page.locator("#part article div").last).to_have_text(
        "Check it:tribune verify *report* <x>or not"
    )


async def test_page__long_channel__newest_is_seen_and_answers_stand_among_messages(
    page: Page, bot: Bot
) -> None:
    for one in range(40):
        await bot.text_channel().send(f"message {one}")
    await expect(page.get_by_text("message 39")).to_be_in_viewport()
    await page.reload()
    await expect(page.get_by_text("message 39")).to_be_in_viewport()
    await page.get_by_label("Command").fill("/why")
    await page.get_by_role("button", name="Run").click()
    await page.get_by_label("Reason").fill("asked")
    await page.get_by_role("button", name="Submit").click()
    await expect(page.get_by_text("Because: asked")).to_be_in_viewport()
    await bot.text_channel().send("message 40")
    await expect(page.locator("#part article").last).to_contain_text("message 40")
    await expect(page.get_by_text("message 40")).to_be_in_viewport()


async def test_page__slow_answer__is_not_called_missing(page: Page, bot: Bot) -> None:
    found = asyncio.Event()

    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await found.wait()
        await interaction.edit_original_response(content="after all")

    bot.tree.add_command(app_commands.Command(name="slow", description="Later", callback=slow))
    await bot.tree.sync()
    await page.get_by_label("Command").fill("/slow")
    async with page.expect_response("**/control/command") as waited:
        await page.get_by_role("button", name="Run").click()
    assert not (await (await waited.value).json())["done"]
    await expect(page.get_by_text("is thinking")).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text("")
    found.set()
    await expect(page.get_by_text("after all")).to_be_visible()


class German(app_commands.Translator):
    """Knows one description."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        return "Deine" if locale is discord.Locale.german and string.message == "Yours" else None


async def test_page__german__commands_are_described_in_german(page: Page, bot: Bot) -> None:
    await bot.tree.set_translator(German())
    await bot.tree.sync()
    await page.get_by_text("All commands").click()
    await page.get_by_label("Language").select_option("de")
    await expect(page.locator("#commands")).to_contain_text("/power Deine")
    await page.get_by_role("button", name="/power").click()
    await expect(page.locator("#commands")).to_be_hidden()
