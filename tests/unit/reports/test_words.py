"""Words about what a rule found: numbers from the tally."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from support.small_model import BINNINGS, SAID, SEX, SPEC, Row, tally_of
from tribune.metrics import (
    Binning,
    Categories,
    Column,
    ColumnKind,
    Grid,
    ModelSpec,
    Profile,
    Role,
    Rule,
    Scheme,
    Severity,
    Tally,
    Task,
    make_profile,
)
from tribune.reports.words import Subject, case_words
from unit.reports.worded import FAIR, NO, UNFAIR, YES, document, parity, words_of


@pytest.fixture(scope="module")
def profile() -> Profile:
    return make_profile(SPEC, tally_of(FAIR), BINNINGS)


def test_case_words__demographic_parity__names_both_groups_and_their_rates(profile: Profile) -> None:
    words = words_of(profile, parity(), UNFAIR, stopped=True)
    assert words.headline == "acs-employment v1 has been stopped: it treats women and men differently"
    assert words.sentence == (
        'It said "employed" for 53 of 100 men and 6 of 100 women. '
        "The limit you voted is a gap of 10; this gap is at least 41."
    )
    assert words.looked


def test_case_words__frame_time_known__why_says_when(profile: Profile) -> None:
    at = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
    words = words_of(profile, parity(), UNFAIR, start=at, end=at.replace(minute=10), frame=2)
    assert words.why.startswith('Between 14:00 and 14:10 UTC it said "employed" for 53 of 100 men')


def test_case_words__only_a_vote__asks_whether_to_stop_it(profile: Profile) -> None:
    words = words_of(profile, parity(), UNFAIR)
    assert words.headline.startswith("acs-employment v1 needs your vote: it treats women")
    assert words.question == "Stop acs-employment v1?"


def test_case_words__several_frames__says_in_how_many(profile: Profile) -> None:
    words = words_of(profile, parity(m=2, w=3), UNFAIR)
    assert (
        words.limit_words
        == "The limit you voted is a gap of 10; in 2 of the last 3 frames it was at least 41."
    )


def test_case_words__equalized_odds__speaks_of_those_with_that_label(profile: Profile) -> None:
    rule = Rule("fairness.equalized_odds_difference/SEX", ">", 100_000, Severity.VOTE)
    words = words_of(profile, rule, UNFAIR, UNFAIR)
    assert words.finding == (
        'Of those who really were "employed", it said "employed" for 100 of 100 men and 11 of 100 women.'
    )
    assert words.fault == "is wrong about women and men in different ways"


def test_case_words__parity_ratio__shows_a_ratio_that_is_surely_below(profile: Profile) -> None:
    name = "fairness.demographic_parity_ratio.upper/SEX"
    words = words_of(profile, Rule(name, "<", 800_000, Severity.VOTE, z=3_000_000), UNFAIR)
    assert words.finding == 'It said "employed" for 53 of 100 men and 6 of 100 women.'
    assert words.limit_words == "The limit you voted is a ratio of 0.8; this ratio is at most 0.17."


def test_case_words__equal_opportunity__says_who_is_overlooked(profile: Profile) -> None:
    rule = Rule("fairness.equal_opportunity_ratio/SEX", "<", 800_000, Severity.VOTE)
    words = words_of(profile, rule, UNFAIR, UNFAIR)
    assert words.fault == "overlooks women more often than men"
    assert words.finding == (
        'Of those who really were "employed", it said "employed" for 100 of 100 men and 11 of 100 women.'
    )


def test_case_words__accuracy_gap__says_about_whom_it_is_wrong(profile: Profile) -> None:
    rule = Rule("fairness.accuracy_difference.lower/SEX", ">", 100_000, Severity.VOTE, z=2_000_000)
    words = words_of(profile, rule, UNFAIR, UNFAIR)
    assert words.fault == "is wrong about women more often than about men"
    assert words.finding == "It was right about 100 of 100 men and 53 of 100 women."


def test_case_words__crossed_groups__names_both_parts() -> None:
    groups = (
        Column("SEX", ColumnKind.CATEGORY, Role.GROUP, values=(("1", "men"), ("2", "women"))),
        Column("AGE", ColumnKind.CATEGORY, Role.GROUP, values=(("y", "young people"), ("o", "old people"))),
    )
    said = Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION)
    spec = ModelSpec((*groups, said), outcome="employed", intersections=(("SEX", "AGE"),))
    binnings: dict[str, Binning] = {"SEX": SEX, "AGE": Categories(("y", "o")), "prediction": SAID}
    layout = Scheme(spec, binnings).outcomes
    chosen = {(0, 0): 300, (0, 1): 250, (1, 0): 240, (1, 1): 60}  # of 500 each
    outcomes = {}
    for (sex, age), hits in chosen.items():
        outcomes[layout.flat((sex, age, 3, 1, 0))] = hits
        outcomes[layout.flat((sex, age, 3, 0, 0))] = 500 - hits
    columns = {"SEX": (1000, 1000, 0, 0), "AGE": (1000, 1000, 0, 0), "prediction": (1150, 850, 0, 0)}
    tally = Tally(2000, columns, outcomes)
    crossed = make_profile(spec, tally, binnings)
    rule = Rule(
        "fairness.demographic_parity_difference.lower/SEX&AGE", ">", 100_000, Severity.TRIP, z=3_000_000
    )
    made = document(crossed, rule, tally)
    case = Subject("acs-employment", 1, value=made["values"][rule.metric]["micro"], limit=rule.limit)
    words = case_words(case, rule, made, crossed)
    assert words.fault == "treats women, old people and men, young people differently"
    assert words.finding == (
        'It said "employed" for 60 of 100 men, young people and 12 of 100 women, old people.'
    )


GENERIC = ModelSpec(
    (
        Column("refused", ColumnKind.CATEGORY, Role.FEATURE, display="refusals", positive="true"),
        Column("tokens", ColumnKind.NUMERIC, Role.FEATURE, display="length"),
    ),
    Task.GENERIC,
    min_rows=10,
)
GENERIC_BINNINGS: dict[str, Binning] = {
    "refused": Categories(("false", "true")),
    "tokens": Grid(0, (0, 50, 100), lattice=True),
}


def generic_tally(refused: int, tokens: int) -> Tally:
    """1,000 answers of which some were refused and all are equally long."""
    cells = [0] * GENERIC_BINNINGS["tokens"].length
    cells[tokens] = 1000
    return Tally(1000, {"refused": (1000 - refused, refused, 0, 0), "tokens": tuple(cells)}, {0: 1000})


@pytest.mark.parametrize(
    ("rule", "fault", "finding", "limit"),
    [
        (
            Rule("summary.rate.lower/refused", ">", 100_000, Severity.VOTE, z=2_000_000),
            "is beyond your limit on refusals",
            "The rate of refusals was 30 %; when it was tested, 2 %.",
            "The limit you voted is a rate of 10; this rate is at least 27.",
        ),
        (
            Rule("summary.mean_change/tokens", ">", 10_000_000, Severity.VOTE),
            "is beyond your limit on length",
            "The mean of length was 80; when it was tested, 20.",
            "The limit you voted is a rise of 10; this rise is 60.",
        ),
        (
            Rule("drift.effect/refused", ">", 100_000, Severity.VOTE),
            "now sees other values of refusals than it was tested on",
            "30 of 100 decisions have refusals=true; when it was tested, 2 of 100.",
            "The limit you voted is a shift of 0.1; this shift is 0.76.",
        ),
    ],
)
def test_case_words__a_generic_model__compares_with_when_it_was_tested(
    rule: Rule, fault: str, finding: str, limit: str
) -> None:
    profile = make_profile(GENERIC, generic_tally(20, 20), GENERIC_BINNINGS)
    made = document(profile, rule, generic_tally(300, 80))
    value = made["values"][rule.metric]["micro"]
    words = case_words(Subject("assistant", 1, value=value, limit=rule.limit), rule, made, profile)
    assert (words.fault, words.finding, words.limit_words) == (fault, finding, limit)


def test_case_words__invalid_rate__compares_with_the_reference(profile: Profile) -> None:
    rule = Rule("quality.invalid_rate_increase.lower/AGEP", ">", 20_000, Severity.TRIP, z=3_000_000)
    rows: dict[Row, int] = {(None, "1", "1", YES): 900, (30, "2", "0", NO): 100}
    words = words_of(profile, rule, rows)
    assert words.finding == (
        "In 90 of 100 decisions age was missing or not a value it was tested on; "
        "when it was tested, in 0 of 100."
    )
    assert words.limit_words == "The limit you voted is a rise of 2; this rise is at least 86."


def test_case_words__largest_drift__names_the_column_and_what_changed(profile: Profile) -> None:
    rule = Rule("drift.effect.lower.max", ">", 200_000, Severity.VOTE, z=3_000_000)
    rows: dict[Row, int] = {(70, "1", "1", YES): 500, (70, "2", "0", NO): 500}
    words = words_of(profile, rule, rows)
    assert words.fault == "now sees other values of age than it was tested on"
    assert (
        words.finding == "100 of 100 decisions have age from 40 to under 100; when it was tested, 0 of 100."
    )
    assert words.limit_words.startswith("The limit you voted is a shift of 0.2; this shift is at least ")


def test_case_words__category_drift__names_the_value_that_changed(profile: Profile) -> None:
    rule = Rule("drift.psi/SEX", ">", 100_000, Severity.WARN)
    rows: dict[Row, int] = {(30, "1", "1", YES): 900, (30, "2", "0", NO): 100}
    words = words_of(profile, rule, rows)
    assert words.finding == "90 of 100 decisions are men; when it was tested, 50 of 100."


def test_case_words__accuracy__counts_known_outcomes(profile: Profile) -> None:
    rule = Rule("performance.accuracy", "<", 800_000, Severity.VOTE)
    words = words_of(profile, rule, UNFAIR, UNFAIR)
    assert words.finding == (
        "It was right in 76 of 100 decisions whose outcome is known (1,530 of 2,000); "
        "when it was tested, in 88 of 100."
    )
    assert words.limit_words.endswith("a share of right answers of 80; this share of right answers is 76.")


def test_case_words__volume__counts_decisions(profile: Profile) -> None:
    rule = Rule("quality.volume", "<", 5_000_000_000, Severity.VOTE)
    words = words_of(profile, rule, UNFAIR)
    assert words.finding == "It made 2,000 decisions in this frame."
    assert words.limit_words == "The limit you voted is a number of 5,000; this number is 2,000."


def test_case_words__value_just_over_limit__shows_the_decimals_that_tell_them_apart(profile: Profile) -> None:
    case = Subject("m", 1, value=100_400, limit=100_000)
    words = case_words(case, parity(), None, profile)
    assert "a gap of 10; this gap is at least 10.04." in words.sentence
