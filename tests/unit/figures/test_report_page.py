"""The report page: whole in itself, structured, and nothing from data gets out of its text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from tribune.exceptions import EvidenceError
from tribune.figures.history import Point
from tribune.figures.report_page import report_page
from tribune.ids import FrameIndex, ModelId
from tribune.metrics import Policy, Profile, Rule, Severity, make_profile
from tribune.metrics.binning import Categories
from tribune.metrics.canonical import canonical_json
from tribune.metrics.spec import Task
from tribune.metrics.tally import Tally
from tribune.reports.canonical import canonical_bytes
from unit.metrics.samples import BINNINGS, SPEC, count, rows

from .documents import OTHER_POLICY, POLICY, UNFAIR, evidence, other_evidence, reference

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}%s\x00\u202e&amp;"


class Reader(HTMLParser):
    """Reads a page: its elements with attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "source", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page() -> str:
    profile = reference()
    history = [[Point(2, 0), Point(3, 431_000)], [], []]
    return report_page(evidence(profile, UNFAIR), profile, POLICY, title="jobs v1, frame 3", history=history)


def test_report_page__any__is_well_formed_and_asks_for_nothing(page: str) -> None:
    reader = Reader(page)
    assert reader.open == []
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in reader.elements}
    addresses = [a.get("src") or a.get("srcset") or "" for a in (*reader.all("img"), *reader.all("source"))]
    assert addresses
    assert all(address.startswith("data:image/svg+xml;base64,") for address in addresses)
    assert not any(
        name.startswith("on") or name in ("style", "href") for _, a in reader.elements for name in a
    )


def test_report_page__policy__allows_its_own_style_only(page: str) -> None:
    [policy] = [a["content"] for a in Reader(page).all("meta") if a.get("http-equiv")]
    [style] = re.findall(r"<style>(.*)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_report_page__pictures__come_in_both_themes_with_words(page: str) -> None:
    reader = Reader(page)
    dark, light = reader.all("source"), reader.all("img")
    assert len(dark) == len(light) == 1 + 3 + 4 + 3
    assert {a["media"] for a in dark} == {"(prefers-color-scheme: dark)"}
    assert all(d["srcset"] != a["src"] for d, a in zip(dark, light, strict=True))
    assert all(a["alt"] for a in light)


def test_report_page__headings__go_down_one_by_one(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Reader(page).elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_report_page__tables__have_captions_and_headers(page: str) -> None:
    reader = Reader(page)
    assert len(reader.all("table")) == len(reader.all("caption")) > 8
    assert {a.get("scope") for a in reader.all("th")} == {"row", "rowgroup", "col"}


def test_report_page__report__says_what_was_measured_and_found(page: str) -> None:
    profile = reference()
    document = evidence(profile, UNFAIR)
    said = " ".join(Reader(page).text.replace("\xa0", " ").split())
    for part in (
        "jobs v1, frame 3",
        "2 of 3 rules broken, 1 not measured.",
        "Stop the model for a bounded time",
        "broken: at least",
        "3: from 2023-11-14 22:13:20 to 2023-11-14 22:23:20 UTC",
        document["profile"],
        document["policy"],
        "tribune measure DATA --profile profile.json",
        "0x" + hashlib.sha256(canonical_json(document)).hexdigest(),
    ):
        assert part in said


def test_report_page__all_values__are_in_its_tables(page: str) -> None:
    profile = reference()
    document = evidence(profile, UNFAIR)
    rows_of_tables = len(re.findall(r"<th scope=\"row(?:group)?\"", page))
    shares = sum(1 for _ in re.findall(r"The same in numbers", page))
    assert shares == 3
    assert rows_of_tables >= len(document["values"]) + len(POLICY.rules)
    for name in document["values"]:
        assert f"<code>{name.split('/')[0].removesuffix('.max').removesuffix('.lower')}</code>" in page


def test_report_page__twice__is_the_same(page: str) -> None:
    profile = reference()
    history = [[Point(2, 0), Point(3, 431_000)], [], []]
    again = report_page(evidence(profile, UNFAIR), profile, POLICY, title="jobs v1, frame 3", history=history)
    assert again == page


def test_report_page__data_of_ones_own__says_so_and_has_its_findings_first() -> None:
    profile, none = reference(), Policy(())
    document = evidence(profile, UNFAIR, none, frame=FrameIndex(0), chain=0, model=ModelId(0))
    said = Reader(report_page(document, profile, none, source="log.parquet", findings=["job: <odd>"])).text
    assert "No rules were given." in said
    assert "log.parquet" in said
    assert said.index("job: <odd>") < said.index("What was measured")
    assert "Model" not in said[said.index("What was measured") : said.index("Columns that changed")]


def test_report_page__another_profile__is_refused() -> None:
    profile = reference()
    with pytest.raises(EvidenceError):
        report_page({**evidence(profile, UNFAIR), "profile": "0x00"}, profile, POLICY)


@pytest.mark.parametrize("task", [Task.GENERIC, Task.MULTICLASS, Task.REGRESSION])
def test_report_page__model_that_does_not_say_yes_or_no__has_overview_columns_and_means(task: Task) -> None:
    document, profile = other_evidence(task)
    said = Reader(report_page(document, profile, OTHER_POLICY))
    assert said.open == []
    assert "The rule is broken." in said.text
    assert len(said.all("img")) == 1 + 3 + (task is not Task.MULTICLASS)  # means
    assert "Seconds to answer" in said.text


def hostile_profile() -> Profile:
    """The sample's reference with names that try to break out."""
    columns = tuple(
        replace(column, display=EVIL, values=(("1", EVIL), ("2", EVIL + "2")))
        if column.name == "sex"
        else column
        for column in SPEC.columns
    )
    spec = replace(SPEC, columns=columns, outcome=EVIL)
    tally = count(rows(1000, 1))
    binnings = {**BINNINGS, "job": Categories((EVIL, "b", "c"))}
    return make_profile(spec, Tally(tally.rows, tally.columns, tally.outcomes, tally.scores), binnings)


def test_report_page__hostile_names__stay_text() -> None:
    profile = hostile_profile()
    policy = Policy(
        (Rule("drift.effect/sex", ">", 0, Severity.WARN), Rule("drift.effect/job", ">", 0, Severity.WARN))
    )
    page = report_page(
        evidence(profile, UNFAIR, policy), profile, policy, title=EVIL, source=EVIL, check=EVIL
    )
    reader = Reader(page)
    assert reader.open == []
    assert not {"script", "link", "form"} & {tag for tag, _ in reader.elements}
    assert not any(name.startswith("on") for _, a in reader.elements for name in a)
    assert "<script>alert(1)</script>" in reader.text
    assert "\u202e" not in page
    assert "\x00" not in page


def test_report_page__values_too_large_for_json__are_shown_and_hashed_as_they_are_written() -> None:
    """As the mean is of a column that once says 1e300: the document holds the number, its bytes text."""
    profile = reference()
    document = evidence(profile, UNFAIR)
    mean = {**document["values"]["summary.mean/age"], "micro": 2**63 - 1, "upper": 2**63 - 1}
    kept = {**document, "values": {**document["values"], "summary.mean/age": mean}}
    data = canonical_bytes(kept)
    page = report_page(kept, profile, POLICY)
    assert page == report_page(json.loads(data), profile, POLICY)
    assert hashlib.sha256(data).hexdigest() in page
    assert "9,223,372,036,855" in page


@pytest.mark.parametrize("task", [Task.GENERIC, Task.REGRESSION])
def test_report_page__a_mean_too_large_for_json__is_drawn(task: Task) -> None:
    document, profile = other_evidence(task)
    mean = {**document["values"]["summary.mean/latency"], "micro": str(2**63 - 1), "upper": str(2**63 - 1)}
    document = {**document, "values": {**document["values"], "summary.mean/latency": mean}}
    assert "9,223,372,036,855" in report_page(document, profile, OTHER_POLICY)
