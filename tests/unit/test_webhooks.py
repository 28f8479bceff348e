"""What a webhook's receiver can check, against the standard's own example."""

from __future__ import annotations

from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError
from tribune.webhooks import read_secrets, sign


def test_sign__example_of_the_standard__is_its_signature(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    (key,) = read_secrets(tmp_path / "secret")
    found = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("content", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", "Passw\u00f6rt"])
def test_read_secrets__no_usable_one__error_does_not_repeat_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_text(content)
    with pytest.raises(ConfigurationError) as raised:
        read_secrets(tmp_path / "secret")
    assert content == "" or content.removeprefix("whsec_") == "" or content not in str(raised.value)
