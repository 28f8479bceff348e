"""Link a wallet to a Discord user by Sign-In with Ethereum (EIP-4361), through a one-time link.

A link is for notices and for showing power; voting never needs one. Looking at a link spends nothing: only
a signature that holds does, in the same transaction that records the wallet. The store keeps the sha-256 of
a token, never the token.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tribune.exceptions import SignatureError
from tribune.ids import Address
from tribune.language import _

if TYPE_CHECKING:
    from tribune.chain.client import Chain
    from tribune.store.session import Session, Store
    from tribune.store.tables import LinkToken

LIFETIME = timedelta(minutes=10)
"""Long enough to find a wallet, short enough that a forgotten link is worth nothing."""
CLOCK_SKEW = timedelta(minutes=1)
_MESSAGE_LIMIT = 4_000
_ALPHANUMERIC = string.ascii_letters + string.digits


class LinkRefusedError(SignatureError):
    """A link or its signature that links nobody; `ids["gone"]` is true where the link itself is no good."""


@dataclass(frozen=True)
class LinkInvite:
    """A new one-time link, for the eyes of the user who asked."""

    token: str
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class LinkOffer:
    """What a link that is still good asks for."""

    discord_user_id: int
    nonce: str
    expires_at: datetime


@dataclass(frozen=True)
class Linked:
    """A wallet that its owner has proved."""

    discord_user_id: int
    wallet: Address
    moved: bool = False
    """Whether it was another Discord user's before: a wallet is of who proved it last."""


class WalletLinks:
    """Issues links and redeems them.

    Args:
        store: where tokens and links are kept.
        chain: for contract wallets (ERC-1271), and for the chain id that a message must name.
        public_url: address under which people reach the pages; the message names its host.
    """

    def __init__(self, store: Store, chain: Chain, public_url: str) -> None:
        self._store = store
        self._chain = chain
        self._public_url = public_url.rstrip("/")

    @property
    def domain(self) -> str:
        """The host (and port) that a message must name."""
        return urlsplit(self._public_url).netloc

    @property
    def uri(self) -> str:
        """The address that a message must name. Without the token: wallets keep what they signed."""
        return f"{self._public_url}/link"

    async def invite(self, discord_user_id: int, *, lifetime: timedelta = LIFETIME) -> LinkInvite:
        """Make a one-time link for a Discord user."""
        from tribune.store.tables import LinkToken

        token = secrets.token_urlsafe(32)
        expires_at = datetime.now(UTC) + lifetime
        row = LinkToken(
            token_sha256=_hash(token),
            discord_user_id=discord_user_id,
            nonce="".join(secrets.choice(_ALPHANUMERIC) for _ in range(24)),
            expires_at=expires_at,
        )
        await self._store.run(lambda session: session.add(row))
        return LinkInvite(token, f"{self._public_url}/link/{token}", expires_at)

    async def look(self, token: str) -> LinkOffer:
        """Return what a link asks for; spends nothing.

        Raises:
            LinkRefusedError: unknown, spent or expired.
        """
        row = await self._store.read(_token_row, _hash(token))
        if row is None or row.spent_at is not None or row.expires_at <= datetime.now(UTC):
            raise _gone()
        return LinkOffer(row.discord_user_id, row.nonce, row.expires_at)

    async def message(self, token: str, wallet: Address) -> str:
        """Return the EIP-4361 text that a wallet is to sign for this link.

        Raises:
            LinkRefusedError: unknown, spent or expired.
        """
        from siwe import ISO8601Datetime, SiweMessage

        offer = await self.look(token)
        return str(
            SiweMessage(
                domain=self.domain,
                address=wallet,
                statement=_statement(offer.discord_user_id),
                uri=self.uri,
                version="1",
                chain_id=self._chain.chain_id,
                nonce=offer.nonce,
                issued_at=ISO8601Datetime.from_datetime(datetime.now(UTC)),
                expiration_time=ISO8601Datetime.from_datetime(offer.expires_at),
            ).prepare_message()
        )

    async def redeem(self, token: str, message: str, signature: str) -> Linked:
        """Check a signed message and link its wallet; the link is spent by this and by nothing else.

        Raises:
            LinkRefusedError: the link is no good, or the message or signature is not what it asks for.
            ChainUnreachableError: a contract wallet could not be asked.
        """
        offer = await self.look(token)
        wallet = await self._verify(offer, message, signature)
        moved = await self._store.run(_spend_and_link, _hash(token), wallet)
        if moved is None:
            raise _gone()  # somebody was first
        return Linked(offer.discord_user_id, wallet, moved)

    async def _verify(self, offer: LinkOffer, message: str, signature: str) -> Address:
        from siwe import InvalidSignature, VerificationError

        parsed = _parse(message)
        now = datetime.now(UTC)
        faults = {
            _("The signed message is for another site."): parsed.domain != self.domain,
            _("The signed message is for another address."): str(parsed.uri) != self.uri,
            _("The signed message is for another chain."): parsed.chain_id != self._chain.chain_id,
            _("The signed message is for another link."): not secrets.compare_digest(
                parsed.nonce, offer.nonce
            ),
            _("The signed message is for another user."): parsed.statement
            != _statement(offer.discord_user_id),
            _("The signed message is for the future."): parsed.issued_at._datetime > now + CLOCK_SKEW,
            _("The signed message is for a link without an end."): parsed.expiration_time is None,
        }
        for text, wrong in faults.items():
            if wrong:
                raise LinkRefusedError(text, mend=_("Sign the message that this page shows, unchanged."))
        try:
            parsed.verify(signature, domain=self.domain, nonce=offer.nonce, timestamp=now)
        except InvalidSignature:
            if not await self._signed_by_contract(parsed, signature):
                raise LinkRefusedError(
                    _("The signature is not from {wallet}.").format(wallet=parsed.address),
                    mend=_("Sign with the wallet that you chose."),
                ) from None
        except VerificationError as fault:
            raise LinkRefusedError(
                _("The signed message is not valid now ({fault}).").format(fault=type(fault).__name__),
                mend=_("Ask for a new link with /link."),
            ) from None
        return Address(parsed.address)

    async def _signed_by_contract(self, parsed: Any, signature: str) -> bool:
        from eth_account.messages import defunct_hash_message

        from tribune.ballots.erc1271 import accepts_signature

        try:
            raw = bytes.fromhex(signature.removeprefix("0x"))
        except ValueError:
            return False
        text = parsed.prepare_message()
        digest = bytes(defunct_hash_message(text=text))
        return await accepts_signature(self._chain, Address(parsed.address), digest, raw)


def _parse(message: str) -> Any:
    from pydantic import ValidationError
    from siwe import SiweMessage

    fault = LinkRefusedError(
        _("This is not a Sign-In with Ethereum message."),
        mend=_("Sign the message that this page shows, unchanged."),
    )
    if not isinstance(message, str) or len(message) > _MESSAGE_LIMIT:
        raise fault
    try:
        return SiweMessage.from_message(message)
    except (ValueError, ValidationError) as cause:
        raise fault from cause


def _statement(discord_user_id: int) -> str:
    return (
        f"Link this wallet to the Discord user {discord_user_id}, for notices and to show its voting power. "
        "It costs nothing and allows no payment and no vote."
    )


def _gone() -> LinkRefusedError:
    return LinkRefusedError(
        _("This link is not valid any more, or never was."),
        mend=_("Ask for a new one in Discord with /link; a link works once and for ten minutes."),
        gone=True,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _token_row(session: Session, token_sha256: str) -> LinkToken | None:
    from tribune.store.tables import LinkToken

    return session.get(LinkToken, token_sha256)


def _spend_and_link(session: Session, token_sha256: str, wallet: Address) -> bool | None:
    """Return whether the wallet was another user's before; None where the link is spent."""
    from tribune.store.messages import unlink_from_others
    from tribune.store.queries import link_wallet, spend_link_token

    spent = spend_link_token(session, token_sha256, datetime.now(UTC))
    if spent is None:
        return None
    moved = unlink_from_others(session, spent.discord_user_id, wallet)
    link_wallet(session, spent.discord_user_id, wallet)
    return moved
