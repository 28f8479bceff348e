"""What the chain says against a configuration, in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ape
import pytest

from contracts.calls import now, warp_to
from contracts.deployment.places import (
    EXECUTIVE,
    GUARDIAN,
    configured,
    existing_token,
    node,
    own_token,
    party,
)
from scripts.deployment.chain_checks import check
from tribune.exceptions import ConfigurationError


def existing(token: Any, *delegates: Any) -> str:
    listed = ", ".join(f'"{one}"' for one in delegates)
    return f'address = "{token}"\n' + (f"delegates = [{listed}]" if delegates else "")


def test_check__own_token__warns_that_nobody_delegated(tmp_path: Path, deployer: Any) -> None:
    (warning,) = check(configured(tmp_path, token=own_token(deployer)), node())
    assert "Nobody has delegated yet" in warning
    assert "delegate(their own address)" in warning


def test_check__executive_without_code__refused(tmp_path: Path, deployer: Any) -> None:
    config = configured(tmp_path, token=own_token(deployer), executive=EXECUTIVE)
    with pytest.raises(ConfigurationError, match=f"executive {EXECUTIVE} has no code"):
        check(config, node())


def test_check__guardian_is_a_key__warned_of(tmp_path: Path, deployer: Any) -> None:
    config = configured(tmp_path, token=own_token(deployer), guardian=GUARDIAN)
    assert any("is a single key, not a multisig" in warning for warning in check(config, node()))


def test_check__guardian_is_a_contract__not_warned_of(tmp_path: Path, deployer: Any) -> None:
    party(GUARDIAN)
    config = configured(tmp_path, token=own_token(deployer), guardian=GUARDIAN)
    assert not any("guardian" in warning for warning in check(config, node()))


@pytest.mark.parametrize("form", ['address = "{}"', 'wrap = "{}"\nname = "V"\nsymbol = "V"'])
def test_check__token_without_code__refused(tmp_path: Path, deployer: Any, form: str) -> None:
    with pytest.raises(ConfigurationError, match="has no code"):
        check(configured(tmp_path, token=form.format(EXECUTIVE)), node())


def test_check__block_clock__refused_and_a_wrapper_offered(tmp_path: Path, deployer: Any) -> None:
    token = deployer.deploy(ape.project.BlockClockToken)
    with pytest.raises(ConfigurationError, match=r"counts blocks.*Write wrap"):
        check(configured(tmp_path, token=existing(token)), node())


def test_check__token_without_votes__refused_and_a_wrapper_offered(
    tmp_path: Path, deployer: Any, built: Any
) -> None:
    with pytest.raises(ConfigurationError, match=r"has no clock.*Write wrap"):
        check(configured(tmp_path, token=existing(built.registry)), node())


def test_check__existing_token_without_delegates__says_what_to_name(tmp_path: Path, deployer: Any) -> None:
    token = existing_token([deployer])
    warp_to(now() + 2)
    (warning,) = check(configured(tmp_path, token=existing(token)), node())
    assert "name the biggest delegates in [token] delegates" in warning


def test_check__delegates_reach_the_quorum__nothing_to_say(tmp_path: Path, deployer: Any) -> None:
    token = existing_token([deployer])
    warp_to(now() + 2)
    assert check(configured(tmp_path, token=existing(token, deployer)), node()) == []


def test_check__delegates_below_the_quorum__refused_with_the_numbers(tmp_path: Path, deployer: Any) -> None:
    stranger = ape.accounts.test_accounts[4]
    token = existing_token([deployer])
    warp_to(now() + 2)
    with pytest.raises(ConfigurationError, match=r"have 0 votes together.*needs 20000000000000000000"):
        check(configured(tmp_path, token=existing(token, stranger)), node())


def test_check__a_delegate_listed_twice__counted_once(tmp_path: Path, deployer: Any) -> None:
    others = list(ape.accounts.test_accounts)[1:7]
    token = existing_token([deployer, *others])  # a seventh of the supply each, and the quorum is a fifth
    warp_to(now() + 2)
    with pytest.raises(ConfigurationError, match="The 1 listed delegates"):
        check(configured(tmp_path, token=existing(token, deployer, deployer)), node())
