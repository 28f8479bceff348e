"""How the chain is named to people and their wallets."""

from __future__ import annotations

from tribune.language import Language, spoken
from tribune.settings import WebSettings
from tribune.web.network import Network


def test_network__chain_of_this_machine_without_a_name__is_called_what_it_is() -> None:
    network = Network.of(31337, WebSettings())
    assert network.told["name"] == "local test chain"
    with spoken(Language.GERMAN):
        assert network.told["name"] == "lokale Test-Blockchain"


def test_network__chain_of_others_without_a_name__is_told_by_its_id() -> None:
    assert Network.of(10, WebSettings()).shown == "chain 10"


def test_network__a_given_name__stays() -> None:
    assert Network.of(31337, WebSettings(chain_name="Test Chain")).shown == "Test Chain"
