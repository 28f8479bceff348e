"""docs/webhooks.md: its recipe checks what is sent, and it names every kind."""

from __future__ import annotations

import base64
import re
import time
from typing import Any, get_args

import pytest

from support.anvil import ROOT
from tribune.settings.pages import Incident
from tribune.web.webhooks.promises import RETRACTED
from tribune.webhooks import sign

PAGE = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
KEY = b"k" * 32
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
BODY = b'{"type": "case.opened"}'


@pytest.fixture
def is_genuine() -> Any:
    [recipe] = re.findall(r'```python title="verify.py"\n(.*?)```', PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(recipe, names)  # noqa: S102 - what the page tells readers to run
    return names["is_genuine"]


def headers(key: bytes = KEY, age_s: int = 0) -> dict[str, str]:
    sent = int(time.time()) - age_s
    signature = sign(key, "msg_1", sent, BODY)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(sent), "webhook-signature": f"v1,x {signature}"}


def test_recipe__what_we_send__is_genuine(is_genuine: Any) -> None:
    assert is_genuine(headers(), BODY, SECRET)


def test_recipe__other_key_bytes_or_time__is_not(is_genuine: Any) -> None:
    assert not is_genuine(headers(b"n" * 32), BODY, SECRET)
    assert not is_genuine(headers(), BODY + b" ", SECRET)
    assert not is_genuine(headers(age_s=600), BODY, SECRET)


def test_page__every_kind__is_there_and_no_other() -> None:
    named = re.findall(r"^\| `(\w+\.\w+)` \|", PAGE, re.MULTILINE)
    assert set(named) == {*get_args(Incident), RETRACTED}
