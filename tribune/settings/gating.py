"""Settings of the gate before a model, and of what it sets off elsewhere.

Refuses a webhook that nobody signs: whoever knew its address could say that a model was stopped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from tribune.settings.recording import RecordingSettings
from tribune.settings.sections import Section, http_address


class HookSettings(Section):
    """What is told of a halt and its end where no gate can stand before it; run by `tribune gate serve`."""

    on_halt: list[str] = Field(default_factory=list)
    """Command and arguments, run when a model stops; empty: none. No shell reads it."""
    on_resume: list[str] = Field(default_factory=list)
    """Command and arguments, run when it may run again; empty: none."""
    webhook: str = Field(default="", repr=False)
    """Address to which both are posted, signed as Standard Webhooks has it; empty: none."""
    webhook_secret_file: Path | None = None
    """File whose first line is the secret of that signature (`whsec_` and base64)."""
    state: Path = Path("gate-hooks")
    """Folder in which it is noted what was delivered, so that a restart delivers what was owed."""
    attempts: int = Field(default=10, ge=1, le=100)
    """How often a delivery is tried, with growing pauses (from 1 s to 5 minutes) and jitter."""
    timeout_s: float = Field(default=30.0, gt=0)
    """Longest time that one try may take."""

    @field_validator("webhook")
    @classmethod
    def _http(cls, value: str) -> str:
        return http_address(value)

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.webhook and self.webhook_secret_file is None:
            raise ValueError("a webhook needs a webhook_secret_file")
        return self


class SidecarSettings(Section):
    """Where `tribune gate serve` listens: whoever reaches it learns what is public on the chain anyway."""

    host: str = "127.0.0.1"
    """Address of this machine on which it listens."""
    port: int = Field(default=8651, ge=0, le=65535)
    """Port on which it listens; 0 takes a free one."""
    socket: Path | None = None
    """A unix socket to listen on in place of host and port, for those who may write to it."""


class GateSettings(Section):
    """Which model stands behind the gate of this process, and how the gate knows whether it may run."""

    model: int = Field(default=0, ge=0)
    """Id of the model behind the gate; 0: no gate here."""
    version: int = Field(default=0, ge=0)
    """Its version; while another one is in force the gate refuses."""
    mode: Literal["enforce", "observe"] = "enforce"
    """"observe" refuses nothing and says what would have been refused, for the first days."""
    max_staleness_s: float = Field(default=45.0, gt=0)
    """How old what is known of the chain may be; beyond it the gate refuses. Longer than the chain goes
    without a block: the default is for Ethereum, two of whose slots of 12 s in a row may stay empty (36 s),
    and for the way of a block to us."""
    sidecar: str = Field(default="", repr=False)
    """Address of `tribune gate serve` (http or https, or `unix:` and the path of its socket); empty: this
    process reads the chain itself."""
    open_paths: list[str] = Field(default_factory=list)
    """Exact paths that are no inference (health checks) and are never refused."""
    cut_streams: bool = True
    """Whether a halt also ends, at once, the answers and websockets that are under way."""
    name: str = Field(default="", max_length=100)
    """The model's name for people; empty: "model" and its id."""
    artifact: Path | None = None
    """File or folder of the model, compared with what is registered; not set: not compared."""
    artifact_check_s: float = Field(default=300.0, gt=0)
    """Pause between two such comparisons."""
    models: list[int] = Field(default_factory=list)
    """Models that `tribune gate serve` answers for; empty: for any that it is asked about."""
    serve: SidecarSettings = SidecarSettings()
    hooks: HookSettings = HookSettings()
    log: RecordingSettings = RecordingSettings()

    @field_validator("sidecar")
    @classmethod
    def _http(cls, value: str) -> str:
        if value.startswith("unix:/"):
            return value
        return http_address(value).rstrip("/")

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.model) != bool(self.version):
            raise ValueError("model and version belong together: give both or neither")
        return self
