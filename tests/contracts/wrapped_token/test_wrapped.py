"""The wrapper: votes that count seconds over a token that has none, or whose clock counts blocks."""

from __future__ import annotations

from typing import Any

import ape
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from contracts import signing
from contracts.calls import events, now, refused, refused_deployment
from contracts.world import World

UNIT = 10**18


def wrapped(world: World, kind: str = "BlockClockToken") -> tuple[Any, Any]:
    """A token of the stranger's and its wrapper."""
    underlying = world.stranger.deploy(getattr(ape.project, kind))
    wrapper = world.stranger.deploy(ape.project.TribuneWrappedToken, underlying, "Wrapped", "WRP")
    return underlying, wrapper


def deposit(world: World, underlying: Any, wrapper: Any, amount: int, to: Any = None) -> Any:
    underlying.approve(wrapper, amount, sender=world.stranger)
    return wrapper.depositFor(to or world.stranger, amount, sender=world.stranger)


def delegate(wrapper: Any, holder: Any, to: Any) -> None:
    wrapper.invoke_transaction("delegate", str(to), sender=holder)


def test_deposit_for__token_with_a_block_clock__one_to_one(world: World) -> None:
    underlying, wrapper = wrapped(world)
    deposit(world, underlying, wrapper, UNIT // 2)
    assert (wrapper.balanceOf(world.stranger), wrapper.totalSupply()) == (UNIT // 2, UNIT // 2)
    assert (underlying.balanceOf(wrapper), underlying.balanceOf(world.stranger)) == (UNIT // 2, UNIT // 2)


def test_deposit_for__somebody_else__has_the_votes(world: World) -> None:
    underlying, wrapper = wrapped(world)
    deposit(world, underlying, wrapper, UNIT, to=world.outsider)
    delegate(wrapper, world.outsider, world.outsider)
    assert (wrapper.getVotes(world.outsider), wrapper.getVotes(world.stranger)) == (UNIT, 0)


def test_deposit_for__more_than_one_has__refused(world: World) -> None:
    underlying, wrapper = wrapped(world)
    underlying.approve(wrapper, 2 * UNIT, sender=world.stranger)
    refused("ERC20InsufficientBalance", wrapper.depositFor, world.stranger, 2 * UNIT, sender=world.stranger)


def test_deposit_for__without_approval__refused(world: World) -> None:
    _, wrapper = wrapped(world)
    refused("ERC20InsufficientAllowance", wrapper.depositFor, world.stranger, 1, sender=world.stranger)


def test_deposit_for__token_that_takes_a_fee__refused(world: World) -> None:
    underlying, wrapper = wrapped(world, "FeeToken")
    underlying.approve(wrapper, 100, sender=world.stranger)
    arguments = (world.stranger, 100)
    refused(
        "WrappedTokenNotKept", wrapper.depositFor, *arguments, sender=world.stranger, value=100, received=99
    )


def test_deposit_for__the_wrapper_itself__refused(world: World) -> None:
    underlying, wrapper = wrapped(world)
    underlying.approve(wrapper, 1, sender=world.stranger)
    refused("ERC20InvalidReceiver", wrapper.depositFor, wrapper, 1, sender=world.stranger)


def test_get_votes__deposited_and_not_delegated__none(world: World) -> None:
    underlying, wrapper = wrapped(world)
    deposit(world, underlying, wrapper, UNIT)
    assert wrapper.getVotes(world.stranger) == 0


def test_get_past_votes__deposited_later__not_counted_then(world: World) -> None:
    underlying, wrapper = wrapped(world)
    delegate(wrapper, world.stranger, world.stranger)
    first = deposit(world, underlying, wrapper, UNIT // 4).timestamp
    ape.chain.pending_timestamp = first + 100
    second = deposit(world, underlying, wrapper, UNIT // 4).timestamp
    ape.chain.pending_timestamp = second + 100
    ape.chain.mine()
    found = [wrapper.getPastVotes(world.stranger, time) for time in (first - 1, first, second - 1, second)]
    assert found == [0, UNIT // 4, UNIT // 4, UNIT // 2]


def test_withdraw_to__part__tokens_back_and_votes_gone(world: World) -> None:
    underlying, wrapper = wrapped(world)
    delegate(wrapper, world.stranger, world.stranger)
    deposit(world, underlying, wrapper, UNIT)
    wrapper.withdrawTo(world.outsider, UNIT // 4, sender=world.stranger)
    assert underlying.balanceOf(world.outsider) == UNIT // 4
    assert wrapper.getVotes(world.stranger) == UNIT - UNIT // 4
    assert wrapper.totalSupply() == underlying.balanceOf(wrapper)


def test_withdraw_to__more_than_deposited__refused(world: World) -> None:
    underlying, wrapper = wrapped(world)
    deposit(world, underlying, wrapper, 1)
    refused("ERC20InsufficientBalance", wrapper.withdrawTo, world.stranger, 2, sender=world.stranger)


def test_withdraw_to__somebody_elses_deposit__refused(world: World) -> None:
    underlying, wrapper = wrapped(world)
    deposit(world, underlying, wrapper, UNIT)
    refused("ERC20InsufficientBalance", wrapper.withdrawTo, world.outsider, 1, sender=world.outsider)


@pytest.mark.parametrize(("kind", "decimals"), [("CoarseToken", 6), ("BlockClockToken", 18)])
def test_decimals__any_token__those_underneath(world: World, kind: str, decimals: int) -> None:
    underlying, wrapper = wrapped(world, kind)
    assert wrapper.decimals() == underlying.decimals() == decimals
    assert wrapper.underlying() == underlying


def test_clock__seconds__whatever_the_token_counts(world: World) -> None:
    underlying, wrapper = wrapped(world)
    assert underlying.CLOCK_MODE() == "mode=blocknumber&from=default"
    assert (wrapper.CLOCK_MODE(), wrapper.clock()) == ("mode=timestamp", now())


def test_permit__signed_by_the_holder__allowance(world: World) -> None:
    _, wrapper = wrapped(world)
    holder = world.holders[0]
    where = signing.domain("Wrapped", world.chain_id, wrapper.address)
    fields = [("owner", "address"), ("spender", "address")]
    fields += [("value", "uint256"), ("nonce", "uint256"), ("deadline", "uint256")]
    message = {"owner": str(holder), "spender": str(world.outsider), "value": 5, "nonce": 0}
    message["deadline"] = now() + 1000
    types = {"Permit": [{"name": name, "type": kind} for name, kind in fields]}
    signed = Account.sign_message(encode_typed_data(where, types, message), holder.private_key)
    word = [number.to_bytes(32, "big") for number in (signed.r, signed.s)]
    wrapper.permit(holder, world.outsider, 5, message["deadline"], signed.v, *word, sender=world.stranger)
    assert (wrapper.allowance(holder, world.outsider), wrapper.nonces(holder)) == (5, 1)


def test_constructor__token_that_is_no_contract__refused(world: World) -> None:
    refused_deployment(
        "WrappedTokenInvalid", "TribuneWrappedToken", world.outsider, "x", "X", sender=world.stranger
    )


def test_constructor__any_token__named_and_empty(world: World) -> None:
    _, wrapper = wrapped(world)
    assert (wrapper.name(), wrapper.symbol(), wrapper.totalSupply()) == ("Wrapped", "WRP", 0)


def test_oversight_governor__over_the_wrapper__accepts_its_clock(world: World) -> None:
    """What the wrapper is for: the same governor refuses the token itself."""
    underlying, wrapper = wrapped(world)
    settings = (world.timelock, 1, 100, 0, 20, 10)
    refused_deployment("ClockNotTimestamp", "OversightGovernor", underlying, *settings, sender=world.stranger)
    governor = world.stranger.deploy(ape.project.OversightGovernor, wrapper, *settings)
    assert governor.CLOCK_MODE() == "mode=timestamp"


def test_wrapped_deposit__event__says_who_got_them(world: World) -> None:
    underlying, wrapper = wrapped(world)
    receipt = deposit(world, underlying, wrapper, 5, to=world.outsider)
    minted = [event for event in events(receipt, "Transfer") if int(event["from"], 16) == 0]
    assert [(event["to"], event["value"]) for event in minted] == [(world.outsider, 5)]
