"""Token holders as the demo plays them: each presses Vote in Discord and signs with an own key.

They use the endpoints that the ballot page uses. No part of ours ever holds these keys.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
from eth_account import Account
from eth_account.messages import encode_defunct

from examples.acs_employment.demo.actors import Holder
from support.discord.client import Control
from tribune.exceptions import TribuneError

FOR, AGAINST, ABSTAIN = 1, 0, 2
_TIMEOUT_S = 20.0
_POLL_S = 0.25
_OPEN_S = 90.0


@dataclass(frozen=True)
class Mined:
    """A ballot that counted."""

    voter: str
    support: int
    weight: str
    tx: str
    block: int


@dataclass(frozen=True)
class Electorate:
    """All token holders.

    Args:
        pages: client of the ballot pages.
        holders: everybody who may vote.
        control: the stand-in Discord; None where the bot speaks to Discord itself: nobody presses there.
        check: called while waiting; raises when waiting is in vain.
    """

    pages: httpx.AsyncClient
    holders: Sequence[Holder]
    control: Control | None
    check: Callable[[], None]

    async def until_open(self, case_id: int) -> None:
        """Wait until ballots of a case count: its vote is open and its voting delay over.

        Raises:
            TribuneError: it did not open in time.
        """
        deadline = time.monotonic() + _OPEN_S
        while True:
            self.check()
            offer = (await self.pages.get(f"/api/ballots/{case_id}")).json()
            if offer.get("open"):
                return
            if time.monotonic() > deadline:
                raise TribuneError(f"The vote of case {case_id} did not open: {offer.get('state')}.")
            await asyncio.sleep(_POLL_S)

    async def vote(
        self, case_id: int, order: Mapping[str, int], last_after: asyncio.Event | None = None
    ) -> list[Mined]:
        """Let holders vote, by name, all at once but the last, whose ballot comes after the others'.

        Returns their ballots once all are in blocks.

        Args:
            case_id: whose vote is open.
            order: what each votes; who comes last may end the vote.
            last_after: the last one waits for this too.
        """
        by_name = {holder.name: holder for holder in self.holders}
        chosen = [(by_name[name], support) for name, support in order.items()]
        pages = [f"/b/{case_id}"] * len(chosen)
        if self.control is not None:
            control = self.control
            message = await vote_message(control, case_id, limit_s=60)
            presses = (press_vote(control, holder.name, message, case_id) for holder, _ in chosen)
            pages = await asyncio.gather(*presses)
        together = zip(chosen, pages, strict=True)
        signing = (sign(self.pages, holder, page, support) for (holder, support), page in together)
        *first, last = await asyncio.gather(*signing)
        handed = await asyncio.gather(*(hand_in(self.pages, ballot) for ballot in first))
        if last_after is not None:
            await last_after.wait()
        handed.append(await hand_in(self.pages, last))
        of = [holder for holder, _support in chosen]
        return list(await asyncio.gather(*map(partial(mined, self.pages), of, handed)))

    async def link_first(self) -> tuple[str, str] | None:
        """Let the first holder link a wallet; returns name and wallet, None without the stand-in."""
        if self.control is None:
            return None
        holder = self.holders[0]
        return holder.name, await link_wallet(self.control, self.pages, holder)


async def vote_message(control: Control, case_id: int, *, limit_s: float) -> str:
    """Wait for the message of a case to have its Vote button; returns the message's id."""
    async with asyncio.timeout(limit_s):
        while True:
            for message in (await control.get("messages"))["messages"]:
                if any(button["custom_id"] == _vote_button(case_id) for button in message["buttons"]):
                    return str(message["id"])
            await asyncio.sleep(_POLL_S)


async def press_vote(control: Control, user: str, message_id: str, case_id: int) -> str:
    """Press a case's Vote button as a user; returns the ballot page's address that only this user was told.

    Raises:
        TribuneError: the answer has no such link.
    """
    custom_id = _vote_button(case_id)
    answer = await control.post(
        "press", user=user, message_id=message_id, custom_id=custom_id, wait=_TIMEOUT_S
    )
    links = [link["url"] for said in answer["messages"] for link in said["links"]]
    page = next((url for url in links if "/b/" in url), None)
    if page is None:
        raise TribuneError(f"{user} pressed Vote and was told no ballot page: {answer['messages']}.")
    return str(page)


async def link_wallet(control: Control, client: httpx.AsyncClient, holder: Holder) -> str:
    """Ask the bot for a one-time link, sign in with the wallet there, and return the wallet that is linked.

    Raises:
        TribuneError: the bot gave no link, or the page did not link.
    """
    answer = await control.post("command", user=holder.name, name="link", options={}, wait=_TIMEOUT_S)
    links = [link["url"] for said in answer["messages"] for link in said["links"] if "/link/" in link["url"]]
    if not links:
        raise TribuneError(f"{holder.name} asked for a link and was told none: {answer['messages']}.")
    offer = await client.get(links[0], params={"wallet": holder.account.address})
    message = str(offer.json()["message"])
    signature = holder.account.sign_message(encode_defunct(text=message)).signature
    signed = {"message": message, "signature": "0x" + signature.hex().removeprefix("0x")}
    linked = await client.post(links[0], json=signed)
    if linked.status_code != httpx.codes.OK:
        raise TribuneError(f"{holder.name}'s wallet was not linked: {linked.text}")
    return str(linked.json()["wallet"])


@dataclass(frozen=True)
class Signed:
    """A ballot that is signed and not handed in yet."""

    holder: Holder
    case_id: str
    body: dict[str, Any]


async def sign(
    client: httpx.AsyncClient, holder: Holder, page: str, support: int, reason: str = ""
) -> Signed:
    """Open a ballot page and sign a ballot for its case.

    Raises:
        TribuneError: the page does not open.
    """
    shown = await client.get(page)
    if shown.status_code != httpx.codes.OK:
        raise TribuneError(f"{holder.name} cannot open the ballot page {page}: {shown.status_code}.")
    case_id = page.rstrip("/").rsplit("/", 1)[1]
    offer = (await client.get(f"/api/ballots/{case_id}", params={"voter": holder.account.address})).json()
    typed: dict[str, Any] = offer["typed_data"]["extended_ballot" if reason else "ballot"]
    message = {**typed["message"], "voter": holder.account.address, "support": support}
    if reason:
        message["reason"] = reason
    signed = Account.sign_typed_data(holder.account.key, full_message={**typed, "message": message})
    body = {
        "voter": holder.account.address,
        "support": support,
        "reason": reason,
        "signature": "0x" + signed.signature.hex().removeprefix("0x"),
    }
    return Signed(holder, case_id, body)


async def hand_in(client: httpx.AsyncClient, ballot: Signed) -> str:
    """Hand a ballot in; returns where its status is.

    Raises:
        TribuneError: it was refused.
    """
    answer = await client.post(f"/api/ballots/{ballot.case_id}", json=ballot.body)
    if answer.status_code != httpx.codes.ACCEPTED:
        why = f"{ballot.holder.name}'s ballot was refused: {answer.text}"
        raise TribuneError(why, case_id=ballot.case_id)
    return str(answer.json()["ballot"])


async def mined(client: httpx.AsyncClient, holder: Holder, status_path: str) -> Mined:
    """Wait until a ballot is in a block.

    Raises:
        TribuneError: it was refused, or did not get there in time.
    """
    async with asyncio.timeout(_TIMEOUT_S):
        while True:
            status = (await client.get(status_path)).json()
            if status["status"] == "mined":
                return Mined(
                    voter=holder.account.address,
                    support=int(status["support"]),
                    weight=str(status["weight"]),
                    tx=str(status["tx"]),
                    block=int(status["block"]),
                )
            if status["status"] == "refused":
                raise TribuneError(f"{holder.name}'s ballot was refused: {status}.")
            await asyncio.sleep(_POLL_S)


def _vote_button(case_id: int) -> str:
    return f"tribune:vote:{case_id}"
