"""The report page in a real Chromium, on a phone and a desktop: all of it, in both themes, asking nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from support.browser import SKIP_REASON, chromium, find_chromium
from tribune.figures.history import Point
from tribune.figures.report_page import report_page
from unit.figures.documents import POLICY, UNFAIR, evidence, reference

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
]
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 29)"}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    profile, history = reference(), [[Point(2, 0), Point(3, 431_000)], [], []]
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(
        report_page(evidence(profile, UNFAIR), profile, POLICY, history=history), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_report_page__on_a_phone__is_whole_and_asks_nobody(
    page_file: Path, theme: Literal["light", "dark"]
) -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=theme)
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        await page.goto(page_file.as_uri())
        images = await page.evaluate("[...document.images].map(i => [i.naturalWidth, i.width, i.currentSrc])")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        paper = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        corner = await page.evaluate(_CORNER)
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert said == []  # its own policy blocked nothing
    assert wide == 360
    assert len(images) == 11
    assert all(natural > 0 and shown == 360 for natural, shown, _ in images)
    assert paper == PAPER[theme]
    assert f"rgb({corner[0]}, {corner[1]}, {corner[2]})" == PAPER[theme]  # the figure of this theme is shown


async def test_report_page__on_a_desktop__uses_its_width_without_script(page_file: Path) -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 800}, java_script_enabled=False)
        await page.goto(page_file.as_uri())
        boxes = [await image.bounding_box() for image in await page.locator(".figures img").all()]
        words = await page.get_by_role("heading", name="What was measured").bounding_box()
        glance = await page.locator(".beside img").bounding_box()
        main = await page.locator("main").bounding_box()
    assert main is not None
    assert main["width"] > 1200
    tops = [round(box["y"]) for box in boxes if box is not None]
    assert max(tops.count(top) for top in tops) == 3  # side by side
    assert all(box is not None and box["x"] + box["width"] <= 1280 for box in boxes)
    assert glance is not None
    assert words is not None
    assert words["x"] > glance["x"] + glance["width"]
    assert words["y"] < glance["y"] + glance["height"]


_CORNER = """(() => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  context.drawImage(document.images[0], 0, 0);
  return [...context.getImageData(2, 2, 1, 1).data];
})()"""
