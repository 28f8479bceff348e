"""What people can look at while the demo is left running: addresses, and commands to check it themselves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from examples.acs_employment.demo.processes import ROOT
from examples.acs_employment.demo.proving import ASKED
from examples.acs_employment.demo.run import Run
from examples.acs_employment.demo.stage import CHAIN_ID, Stage
from examples.acs_employment.demo.steward import FIRST
from tribune.ids import Cid, ModelId
from tribune.reports.canonical import cid

VOTES_S = 120
"""How long votes of the fast lane last for who looks around: long enough to read before signing."""


async def look_around(run: Run, model_id: ModelId) -> str:
    """Write a settings file for the `tribune` command, and return where to look and what to type.

    Args:
        run: the run that has just been played; its processes still run.
        model_id: the model that it was about.
    """
    from examples.acs_employment.app import GATED_HEALTH  # late: it brings a web framework

    stage = run.stage
    await stage.local.lengthen_votes(run.tribune, VOTES_S)
    with_settings = f"--settings {write_settings(stage).relative_to(ROOT)}"
    name = await _report(run)
    chain = stage.local.anvil.http_url
    receipt = (run.stranger.folder / "receipt.json").relative_to(ROOT)
    return "\n".join(
        (
            "Still running (Ctrl-C stops it):",
            f"  ballot pages       {stage.site}/",
            *await _discord(stage),
            f"  model and gate     {stage.served}{GATED_HEALTH}",
            f"  chain              {chain}",
            "  logs               build/demo/logs/",
            *_to_try(stage),
            "",
            "Check it yourself, in a second terminal in this folder:",
            f"  .venv/bin/tribune status {with_settings}",
            f"  .venv/bin/tribune model show {model_id} {with_settings}",
            f"  .venv/bin/tribune audit --model {model_id} {with_settings}",
            f"  .venv/bin/tribune verify report {name} {with_settings}",
            f"  .venv/bin/tribune decisions check {model_id} --files {with_settings}",
            f"  .venv/bin/tribune decisions prove {ASKED} -o build/proof.json --force {with_settings}",
            f"  .venv/bin/tribune verify decision build/proof.json {with_settings}",
            f"  .venv/bin/tribune verify receipt {receipt} --log build/demo/log {with_settings}",
            f"  APE_FOUNDRY_HOST={chain} .venv/bin/ape run verify_roles --network ethereum:local:foundry",
        )
    )


def _to_try(stage: Stage) -> list[str]:
    """Return what a newcomer can do in the stand-in, step by step."""
    if stage.real_discord:
        return []
    return [
        "",
        "Try it, in the Discord stand-in (choose at the top who you are, and your language):",
        "  1. Run /help, then /models, /report, /power: choose a command below and its options appear.",
        "  2. Run /flag or /propose pause, say why, press Post it, and sign on the page that it leads to.",
        f"  3. A vote opens for {VOTES_S // 60} minutes: press Vote below its message; sign for each holder.",
        "  The pages find a demo wallet of each holder, which asks before it signs. Keys end with the demo.",
    ]


async def _discord(stage: Stage) -> list[str]:
    if stage.real_discord:
        return []
    ports = json.loads(await asyncio.to_thread((stage.discord_folder / "ports.json").read_text))
    return [f"  Discord stand-in   http://127.0.0.1:{ports['control_port']}/"]


async def _report(run: Run) -> Cid:
    """Return the name of the report that says most: of the breach, or of the healthy frame without one."""
    frame = run.healthy_frame
    if run.breach_case:
        frame = (await run.tribune.kill_switch.case(run.breach_case)).frame
    return cid((await run.watcher.until_judged(FIRST, frame, limit_s=10)).report.evidence)


def write_settings(stage: Stage) -> Path:
    """Write what the `tribune` command has to know to read this run; holds no key."""
    settings = {
        "deployments": str(stage.deployments),
        "store_url": stage.environment("people")["TRIBUNE_STORE_URL"],
        "log_folder": str(stage.folder / "log"),
        "evidence_urls": stage.stores,
        "chain.http_url": stage.local.anvil.http_url,
        "chain.chain_id": CHAIN_ID,
    }
    path = stage.folder / "tribune.toml"
    # A JSON value of these kinds is a TOML value too.
    path.write_text("".join(f"{key} = {json.dumps(v, ensure_ascii=False)}\n" for key, v in settings.items()))
    return path
