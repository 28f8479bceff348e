"""A pipe that ends with the process that holds its other end, so that no part outlives its supervisor.

The kernel closes a dead process's end whatever killed it. Works wherever there are pipes, needs no code
between fork and exec, and leaves the part time to stop in order.
"""

from __future__ import annotations

import os
import signal
import threading
import time

from tribune.exceptions import ConfigurationError

STOP_LIMIT_S = 15.0
"""How long a part may take to stop once its supervisor is gone."""


def hold_to(descriptor: int, *, stop_limit_s: float = STOP_LIMIT_S) -> None:
    """Stop this process once nobody holds the other end of a pipe: as by SIGTERM, by SIGKILL if that fails.

    Raises:
        ConfigurationError: the descriptor is none that can be read.
    """
    try:
        os.fstat(descriptor)
    except OSError:
        raise ConfigurationError(
            f"There is no pipe {descriptor} to hold to.", mend="Leave --lifeline out: it is for `tribune up`."
        ) from None
    os.set_inheritable(descriptor, False)
    threading.Thread(target=_watch, args=(descriptor, stop_limit_s), name="lifeline", daemon=True).start()


def _watch(descriptor: int, stop_limit_s: float) -> None:
    try:
        while os.read(descriptor, 1):
            pass
    except OSError:
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(stop_limit_s)
    os.kill(os.getpid(), signal.SIGKILL)
