"""`make demo`: plays the main job, prints the closing table, writes `build/demo-summary.json`."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from contextlib import AsyncExitStack, suppress

from examples.acs_employment.demo.actors import Actors
from examples.acs_employment.demo.around import look_around
from examples.acs_employment.demo.local_chain import LocalChain
from examples.acs_employment.demo.picture import picture
from examples.acs_employment.demo.processes import ROOT
from examples.acs_employment.demo.run import Run
from examples.acs_employment.demo.stage import Stage
from examples.acs_employment.demo.steward import MODEL
from examples.acs_employment.demo.story import Story
from examples.acs_employment.demo.summary import summarise
from examples.acs_employment.incident import Incident
from tribune.exceptions import ConfigurationError, TribuneError
from tribune.log import configure

SUMMARY = ROOT / "build" / "demo-summary.json"
PICTURE = ROOT / "build" / "demo.svg"


def main() -> int:
    """Play the demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--incident", default=Incident.WOMEN, help=", ".join(Incident))
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    given = parser.parse_args()
    try:
        return asyncio.run(_main(Incident.named(given.incident), given.keep))
    except ConfigurationError as error:
        parser.exit(error.exit_code, f"{error}\n")
    except KeyboardInterrupt:
        return 130


async def _main(incident: Incident, keep: bool) -> int:
    configure(json=False, level="ERROR", process="demo")
    story = Story()
    local = LocalChain.start()
    stage = Stage(ROOT / "build" / "demo", local, Actors.new(), wallets=keep)
    run = Run(stage, story, incident)
    task = asyncio.current_task()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, lambda: task.cancel() if task else None)
    try:
        async with AsyncExitStack() as stack:
            try:
                await run.play(stack)
                summary = await summarise(run)
                SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
                _end(story, summary, keep)
                if keep:
                    await _keep(run)
            finally:
                await run.close()
    except (TribuneError, TimeoutError) as error:
        print(
            f"\nThe demo did not finish: {str(error) or 'something took too long'}\nLogs: build/demo/logs/",
            file=sys.stderr,
        )
        return 1
    except asyncio.CancelledError:
        print("\nStopped.")
        return 130
    finally:
        stage.processes.stop_all()
        local.anvil.stop()
    return 0


def _end(story: Story, summary: dict[str, object], keep: bool) -> None:
    states = summary["states"]
    assert isinstance(states, list)  # noqa: S101 - we made it
    around = "" if keep else " Look around: make demo KEEP=1"
    story.say(f"{' → '.join(states)}, read back from the chain.{around}")
    PICTURE.write_text(picture(story.said, "$ make demo"))
    files = f"{SUMMARY.relative_to(ROOT)}, picture: {PICTURE.relative_to(ROOT)}"
    print(f"\n{story.table()}\n\nAll figures: {files}")


async def _keep(run: Run) -> None:
    """Leave everything running until we are cancelled, which is no fault here."""
    print(f"\n{await look_around(run, MODEL)}", flush=True)
    with suppress(asyncio.CancelledError):
        while True:
            run.stage.processes.check()
            await asyncio.sleep(1)
    print("\nStopped.")


if __name__ == "__main__":
    sys.exit(main())
