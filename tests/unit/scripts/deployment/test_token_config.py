from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.deployment.plan import Deploy, Ref, steps
from scripts.deployment.token_config import ExistingToken, OwnToken, WrappedToken, address, read_token
from tribune.exceptions import ConfigurationError
from unit.scripts.deployment.samples import DEPLOYER, HOLDER, STRANGER, config

HERE = Path("deployment.toml")


def test_read_token__address__existing() -> None:
    raw = {"address": STRANGER, "delegates": [DEPLOYER]}
    assert read_token(raw, (), HERE) == ExistingToken(STRANGER, (DEPLOYER,))


def test_read_token__wrap__wrapped() -> None:
    raw = {"wrap": STRANGER, "name": "Voting", "symbol": "V"}
    assert read_token(raw, (), HERE) == WrappedToken(STRANGER, "Voting", "V")


def test_read_token__holders_given_beside__replace_its_own() -> None:
    raw = {"name": "Own", "symbol": "O", "holders": [{"address": DEPLOYER, "tokens": 1}]}
    assert read_token(raw, (HOLDER,), HERE) == OwnToken("Own", "O", (HOLDER,))


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"name": "Own"},
        {"address": STRANGER, "name": "x"},
        {"address": STRANGER, "wrap": STRANGER},
        {"wrap": STRANGER},
        {"name": "Own", "symbol": "O", "supply": 5},
    ],
)
def test_read_token__none_of_the_forms__says_which_there_are(raw: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"none of its three forms.*wrap"):
        read_token(raw, (), HERE)


def test_read_token__holders_for_an_existing_one__refused() -> None:
    with pytest.raises(ConfigurationError, match="none of its three forms"):
        read_token({"address": STRANGER}, (HOLDER,), HERE)


def test_read_token__delegates_no_list__refused() -> None:
    with pytest.raises(ConfigurationError, match="no list"):
        read_token({"address": STRANGER, "delegates": DEPLOYER}, (), HERE)


@pytest.mark.parametrize("given", ["0x12", 7, "0x" + "00" * 20, None, "holder.eth"])
def test_address__none__refused(given: object) -> None:
    with pytest.raises(ConfigurationError, match="is no address"):
        address(given, "x")


def test_address__digit_mistyped__refused_by_its_checksum() -> None:
    with pytest.raises(ConfigurationError, match="checksum"):
        address(STRANGER.replace("9C", "8C", 1), "x")


def test_address__lower_case__given_its_checksum() -> None:
    assert address(STRANGER.lower(), "x") == STRANGER


def test_steps__wrapped_token__created_with_what_it_wraps() -> None:
    from dataclasses import replace

    token = WrappedToken(STRANGER, "Voting", "V")
    plan = steps(replace(config(), token=token), DEPLOYER)
    assert Deploy("TribuneToken", (STRANGER, "Voting", "V"), "TribuneWrappedToken") in plan
    governor = next(s for s in plan if isinstance(s, Deploy) and s.name == "PauseGovernor")
    assert governor.arguments[0] == Ref("TribuneToken")
