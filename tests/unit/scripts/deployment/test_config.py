from __future__ import annotations

from pathlib import Path

import pytest

from scripts.deployment.config import OwnToken, Switch, fast_lane, load
from scripts.deployment.token_config import read_holders
from tribune.exceptions import ConfigurationError
from unit.scripts.deployment.samples import HOLDER, LOCAL, STRANGER, changed


def test_load__local_file__counts_the_longest_vote() -> None:
    config = load(LOCAL, (HOLDER,))
    lane = config.fast_lane
    assert config.vote_span_s == lane.voting_delay_s + lane.voting_period_s + lane.late_extension_s
    assert config.token == OwnToken("Tribune demo", "TRIB", (HOLDER,))


def test_load__holders_in_the_file__read(tmp_path: Path) -> None:
    listed = f'symbol = "TRIB"\nholders = [{{address = "{STRANGER}", tokens = 100}}]'
    path = changed(tmp_path / "x.toml", 'symbol = "TRIB"', listed)
    assert load(path).token == OwnToken("Tribune demo", "TRIB", (HOLDER,))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "Tribune demo"', 'name = ""', "no name, symbol or holder"),
        ("hard_cap_s = 300", "hard_cap_s = 20", "its vote can take 31 s"),
        ("hard_cap_s = 300", "hard_cap_s = 601", "more than the budget of 600 s"),
        ("budget_s = 600", "budget_s = 20", "does not cover one suspension of 31 s"),
        ("super_quorum_percent = 80", "super_quorum_percent = 20", "must be above quorum_percent"),
        (
            "voting_period_s = 15\nlate_extension_s = 2",
            "voting_period_s = 15\nlate_extension_s = 16",
            "at most",
        ),
        ("voting_delay_s = 1\n", "voting_delay_s = 0\n", "voting_delay_s must be at least 1"),
        ("voting_period_s = 15", "voting_period_s = 4", "outside its hard bounds"),
        ("open_window_s = 8", "open_window_s = 16", "could be opened for longer"),
        ("quorum_percent = 20\nsuper", "quorum_percent = 0\nsuper", "one vote would decide"),
        ("super_quorum_percent = 80", "super_quorum_percent = 101", "over 100"),
        ("contract_gas = 250000", "contract_gas = 49999", "a Safe or another contract cannot check"),
        ("call_threshold_ppm = 5000", "call_threshold_ppm = 0", "anyone, or nobody"),
        ("halt_budget_s = 300", "halt_budget_s = 0", "the guardian's global halt must be from 1 s"),
        ("halt_budget_s = 300", "halt_budget_s = 259201", r"72 h\)"),
        ("halt_budget_s = 259200", "halt_budget_s = 259201", r"72 h\), for good"),
        ("refill_ppm = 500000", "refill_ppm = 1000000", "suspensions would be unbounded"),
        ("cooldown_s = 60", "cooldown_s = 2592001", "switch.cooldown_s is 2592001, outside its hard bounds"),
        ("margin_s = 5", "margin_s = 0", "switch.margin_s must be at least 1"),
        ("voting_period_s = 15", "voting_period_s = 604801", "outside its hard bounds"),
        ("activation_distance_s = 0", "activation_distance_s = 2592001", "over 2592000"),
    ],
)
def test_load__unsafe_together__refused_in_plain_words(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        load(changed(tmp_path / "x.toml", old, new), (HOLDER,))
    assert refused.value.mend


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[switch]", "[swich]", r"not known: \[swich\]"),
        ("[switch]\n", "[guardian]\n", r"lacks the table \[switch\]"),
        ("margin_s = 5", "", r"missing or unknown in \[switch\]: margin_s"),
        ("margin_s = 5", "margin_s = 5\nmargins = 5", r"missing or unknown in \[switch\]: margins"),
        ("margin_s = 5", 'margin_s = "5"', r"\[switch\]: margin_s"),
        ("margin_s = 5", "margin_s = true", r"\[switch\]: margin_s"),
        ("margin_s = 5", "margin_s = -5", r"\[switch\]: margin_s"),
        ("margin_s = 5", "margin_s = ", "cannot be read"),
    ],
)
def test_load__not_of_its_form__names_the_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        load(changed(tmp_path / "x.toml", old, new), (HOLDER,))
    assert "deployments/local.toml" in refused.value.mend


def test_load__no_file__names_one_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"deployments/local\.toml for a test"):
        load(tmp_path / "nowhere.toml")


def test_load__no_holders__refused() -> None:
    with pytest.raises(ConfigurationError, match="holder"):
        load(LOCAL)


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ({"address": STRANGER}, "no list"),
        ([7], "Holder 1 has no address"),
        ([{"tokens": 1}], "Holder 1 has no address"),
        ([{"address": STRANGER[:-1], "tokens": 1}], "Holder 1 has no address"),
        ([{"address": STRANGER}], "Holder 1 has no tokens"),
        ([{"address": STRANGER, "tokens": 1}, {"address": STRANGER, "tokens": 0}], "Holder 2 has no tokens"),
        ([{"address": STRANGER, "tokens": 1.5}], "Holder 1 has no tokens"),
        ([{"address": STRANGER, "tokens": 1, "votes": 2}], "Holder 1"),
    ],
)
def test_read_holders__not_of_its_form__names_the_place(listed: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read_holders(listed)


def test_as_tuple__a_switch__in_the_order_of_the_contract() -> None:
    assert Switch(1, 2, 3, 4, 5, 6, 7, 8, 9).as_tuple() == (1, 2, 3, 4, 5, 6, 7, 8, 9)


def with_party(tmp_path: Path, name: str, table: str, *, slow_lane: bool = True) -> Path:
    """Write the local configuration with a further table, and holders."""
    text = LOCAL.read_text()
    if not slow_lane:
        before, _, rest = text.partition("[slow_lane]")
        text = before + "[fast_lane]" + rest.partition("[fast_lane]")[2]
    path = tmp_path / f"{name}.toml"
    path.write_text(f"{text}\n{table}\n")
    return path


def test_load__executive__no_slow_lane(tmp_path: Path) -> None:
    path = with_party(tmp_path, "x", f'[executive]\naddress = "{STRANGER}"', slow_lane=False)
    config = load(path, (HOLDER,))
    assert (config.executive, config.slow_lane, config.guardian) == (STRANGER, None, None)


def test_load__executive_beside_a_slow_lane__refused(tmp_path: Path) -> None:
    path = with_party(tmp_path, "x", f'[executive]\naddress = "{STRANGER}"')
    with pytest.raises(ConfigurationError, match="one of them decides"):
        load(path, (HOLDER,))


def test_load__neither_executive_nor_slow_lane__refused(tmp_path: Path) -> None:
    path = with_party(tmp_path, "x", "", slow_lane=False)
    with pytest.raises(ConfigurationError, match=r"lacks the table \[slow_lane\]"):
        load(path, (HOLDER,))


def test_load__guardian_is_the_executive__refused(tmp_path: Path) -> None:
    both = f'[executive]\naddress = "{STRANGER}"\n[guardian]\naddress = "{STRANGER}"'
    path = with_party(tmp_path, "x", both, slow_lane=False)
    with pytest.raises(ConfigurationError, match="the guardian's limits would limit nothing"):
        load(path, (HOLDER,))


@pytest.mark.parametrize("table", ["[guardian]", '[guardian]\naddress = "0x1"', "[guardian]\nname = 1"])
def test_load__guardian_without_an_address__refused(tmp_path: Path, table: str) -> None:
    with pytest.raises(ConfigurationError, match=r"\[guardian\]"):
        load(with_party(tmp_path, "x", table), (HOLDER,))


def test_fast_lane__of_a_file__read_alone() -> None:
    assert fast_lane(LOCAL) == load(LOCAL, (HOLDER,)).fast_lane
