"""What a running process shows of itself: metrics, health, and rules that raise the alarm.

`Telemetry` is what parts are handed and tell; nobody need read it. It holds numbers and names of models, jobs
and nodes, never an address of a person, a credential or the text of an error.
"""

from __future__ import annotations

from tribune.telemetry.health import Health
from tribune.telemetry.meters import Telemetry

__all__ = ["Health", "Telemetry"]
