"""Why a call for a vote, or a signature under one, is not taken. Each names a problem and an HTTP status."""

from __future__ import annotations

from tribune.exceptions import TribuneError


class CallRefusedError(TribuneError):
    """A call or signature that would not count."""

    problem = "call-refused"
    status = 422


class UnknownCallError(CallRefusedError):
    """There is no such call."""

    problem = "unknown-call"
    status = 404


class CallInvalidError(CallRefusedError):
    """Texts or links that cannot be taken."""

    problem = "call-invalid"
    status = 400


class CallNotPossibleError(CallRefusedError):
    """The contracts would not open this vote now."""

    problem = "call-not-possible"
    status = 409


class CallOverError(CallRefusedError):
    """It takes no signatures any more."""

    problem = "call-over"
    status = 409


class CallMismatchError(CallRefusedError):
    """The document is not there, or is about something else: nobody should sign."""

    problem = "call-mismatch"
    status = 409


class CallSignatureError(CallRefusedError):
    """The signature is not the signer's, or not under this call."""

    problem = "wrong-signature"
    status = 403


class CallPowerError(CallRefusedError):
    """The signer holds no votes, or fewer than all whose signatures there is room for."""

    problem = "no-voting-power"
    status = 403
