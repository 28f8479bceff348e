"""Whom an event names and which proposal, so that trails and voters are found without reading all."""

from __future__ import annotations

from typing import Any

import pytest

from tribune.store.about import about, proposal_key

ADA, BOB, NOBODY = "0x" + "ad" * 20, "0x" + "bb" * 20, "0x" + "00" * 20


@pytest.mark.parametrize(
    ("args", "account"),
    [
        ({"voter": ADA, "weight": 1}, ADA),
        ({"monitor": ADA, "model_id": 1}, ADA),
        ({"token_id": 1, "from": NOBODY, "to": ADA}, ADA),
        ({"token_id": 1, "from": ADA, "to": BOB}, ADA),
        ({"model_id": 1, "version": 2, "from": 1_700_000_000}, None),  # from a time on: no account
        ({"from": ADA, "to": BOB, "value": 5}, None),  # tokens change hands all day
    ],
)
def test_about__arguments__the_account_that_acted(args: dict[str, Any], account: str | None) -> None:
    assert about(args)["account"] == account


def test_about__proposal__all_digits_are_kept() -> None:
    assert about({"proposal_id": 2**255 + 1})["proposal"] == "0x8" + "0" * 62 + "1"
    assert proposal_key(7) == "0x" + "0" * 63 + "7"
    assert about({"case_id": 1})["proposal"] is None
