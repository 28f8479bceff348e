"""What people hear of a fault: in their language, and nothing that only operators can use."""

from __future__ import annotations

import pytest

from tribune.ballots.told import sentence
from tribune.chain.revert import decode_revert
from tribune.exceptions import (
    ChainUnreachableError,
    EvidenceError,
    EvidenceUnreachableError,
    StoreError,
    TribuneError,
)
from tribune.language import Language, spoken


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ChainUnreachableError, "Wir können die Chain im Moment nicht sehen."),
        (StoreError, "Wir können unsere Aufzeichnungen im Moment nicht lesen."),
        (EvidenceUnreachableError, "Die Ablage der Dokumente antwortet im Moment nicht."),
    ],
)
def test_sentence__something_of_ours_fails__is_translated_and_names_no_host(
    fault: type[TribuneError], said: str
) -> None:
    with spoken(Language.GERMAN):
        text = sentence(fault("The node at 10.0.0.7 does not answer.", mend="Set TRIBUNE_CHAIN__HTTP_URL."))
    assert text == f"{said} Bitte versuch es in einer Minute noch einmal."


def test_sentence__contract_refuses__names_its_reason_in_the_readers_words() -> None:
    fault = decode_revert(
        bytes.fromhex("08c379a0") + bytes(31) + b" " + bytes(31) + b"\4" + b"late" + bytes(28)
    )
    with spoken(Language.GERMAN):
        assert sentence(fault) == "Die Verträge lehnen es ab: late."


def test_sentence__about_what_was_asked__stays_as_it_is() -> None:
    assert sentence(EvidenceError("There is no document.", mend="Look elsewhere.")) == (
        "There is no document. Look elsewhere."
    )
