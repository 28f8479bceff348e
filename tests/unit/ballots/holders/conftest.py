"""A model in service on a real chain, whose holders of 18 % can call for a vote; each test begins there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from support.anvil import ROOT, Anvil, find_binary
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.holders.beginning import begin_call, plan_call
from tribune.ballots.holders.documents import Conclusion, Harm
from tribune.ballots.holders.opening import CallOpener
from tribune.ballots.holders.progress import signed_form
from tribune.ballots.holders.signing import Signed, accept_signature
from tribune.ballots.holders.view import stored_call
from tribune.ballots.typed_data import call_typed_data, parse_signature
from tribune.chain.enums import CaseKind
from tribune.chain.pause_governor import HolderCall
from tribune.ids import Address, CaseId, ModelId, ProposalId
from tribune.settings import RelaySettings
from tribune.store.session import Store
from tribune.sync.sender import Sender

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from eth_account.signers.local import LocalAccount

    from support.chain import TestChain
    from support.voting import Voting

HARM = Harm("It insults people.", ("https://news.example/insult",))
CURE = Conclusion("A joke.", "It was told off.", CaseId(1))


@dataclass
class Desk:
    """Begins, signs and opens calls as bot and page do."""

    voting: Voting
    contracts: VoteContracts
    documents: Documents
    store: Store
    sender: Sender

    @property
    def chain(self) -> TestChain:
        return self.voting.chain

    @property
    def holders(self) -> list[LocalAccount]:
        return self.voting.holders

    @property
    def switch(self) -> Any:
        return self.chain.contracts["KillSwitch"].functions

    async def begin(self, said: Harm | Conclusion = HARM, user: int = 0) -> int:
        kind = CaseKind.HOLDER_PAUSE if isinstance(said, Harm) else CaseKind.HOLDER_RESUME
        plan = await plan_call(self.contracts, [self.voting.folder], kind, ModelId(1), said)
        row = await begin_call(self.store, self.contracts, self.documents, plan.cid, user)
        assert row.id is not None
        return row.id

    async def form(self, call_id: int) -> HolderCall:
        return signed_form((await stored_call(self.store, call_id))[0])

    def signature(self, account: LocalAccount, call: HolderCall, *, chain_id: int = 31337) -> bytes:
        data = call_typed_data(chain_id, self.contracts.governor, call)
        signed = account.sign_typed_data(full_message=data).signature.hex()
        return parse_signature("0x" + signed.removeprefix("0x"))

    async def send(self, call_id: int, account: LocalAccount, signature: bytes, **options: Any) -> Signed:
        return await accept_signature(
            self.store,
            self.contracts,
            self.documents,
            call_id,
            Address(account.address),
            signature,
            **options,
        )

    async def sign(self, call_id: int, account: LocalAccount, **options: Any) -> Signed:
        signature = self.signature(account, await self.form(call_id))
        return await self.send(call_id, account, signature, **options)

    def opener(self, sender: Any = None, limits: RelaySettings | None = None) -> CallOpener:
        sender, limits = sender or self.sender, limits or RelaySettings()
        return CallOpener(self.store, self.contracts, sender, limits, finality_blocks=5)

    def pause_by_vote(self) -> CaseId:
        """Let the guardian suspend the model and a vote pause it; return the case."""
        from support.voting import Voting, guardian_suspends

        case_id = guardian_suspends(self.chain, self.voting.folder)
        voting = Voting(self.chain, self.voting.folder, case_id, ProposalId(0))
        voting.open_vote()
        for holder in self.holders[:2]:
            self.chain.send(voting.governor.functions.castVote(voting.proposal_id, 1), holder)
        self.chain.send(voting.governor.functions.executeCase(case_id))
        return case_id


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    """A model in service without a case."""
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    from support.voting import Voting, open_model, slow_chain

    with Anvil.start() as anvil:
        chain, folder = slow_chain(anvil), tmp_path_factory.mktemp("evidence")
        open_model(chain, folder)
        chain.as_timelock(chain.contracts["PauseGovernor"].functions.setCallThreshold(180_000))
        chain.warp(2)
        yield Voting(chain, folder, CaseId(0), ProposalId(0))


@pytest.fixture
def desk(
    breach: Voting, contracts: VoteContracts, documents: Documents, store: Store, sender: Sender
) -> Desk:
    """As deployed; what a test does is undone."""
    return Desk(breach, contracts, documents, store, sender)
