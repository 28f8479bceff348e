"""How tests look at a page as people with other eyes do: axe, long words, both schemes, sizes and languages.

axe-core is put into the page by the test alone, past the page's own policy, which forbids foreign scripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from integration.page_world import PICTURES, Stand, opened
from support.anvil import ROOT
from support.browser import DESKTOP, PHONE

if TYPE_CHECKING:
    from playwright.async_api import Page

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
NO_AXE = "axe-core is missing: run `make setup`"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LANGUAGES = ("en", "de")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = (("desktop", DESKTOP), ("phone", PHONE))
PICTURED = (("desktop", "light"), ("phone", "dark"))

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


async def look_at(page: Page, name: str, language: str, *, pairs: bool = False) -> None:
    """Look at a page as it stands in both schemes and sizes, and keep pictures.

    Args:
        page: the page.
        name: of its pictures.
        language: that it is to be in.
        pairs: let axe see each pair of language, scheme and size, not each three: half the time.
    """
    assert await page.evaluate("document.documentElement.lang") == language
    for shape, size in SIZES:
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert await page.evaluate(BROKEN_WORDS) == [], (name, shape, language)
        for scheme in SCHEMES:
            # Without motion: halfway from one colour to the other, text may be hard to read.
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            if not pairs or ((shape, scheme) in PICTURED) is (language == "en"):
                found = await findings(page)
                assert not found, (name, shape, scheme, language, found)
            if (shape, scheme) in PICTURED:
                picture = PICTURES / f"{name}-{shape}-{scheme}-{language}.png"
                await page.screenshot(path=picture, full_page=True)


async def look(stand: Stand, address: str, name: str, *, pairs: bool = False) -> None:
    """Open a page in both languages and look at it; `pairs` as in `look_at`."""
    for language in LANGUAGES:
        async with opened(stand.browser, address, locale=language, bypass_csp=True) as page:
            await page.wait_for_function("document.querySelector('#account')?.textContent !== ''")
            await look_at(page, name, language, pairs=pairs)
