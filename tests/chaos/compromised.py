"""The campaign of the compromised member: two honest workers, one hostile process, many frames.

In each frame the hub must judge by what the honest two say: a breach hits its rule and opens or joins a case,
whatever the third does; a frame in order hits nothing. Nothing honest is lost.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.estate import Estate, estate
from chaos.hostile import CONDUCTS, conduct_of
from chaos.ledger import Ledger
from integration.monitor_world import INVALID
from support.chain import contract_types
from support.postgres import Postgres
from tribune.ids import FrameIndex

BAD = 2
LIMIT_S = 60.0


@dataclass
class Compromised:
    """What came of it."""

    store: str
    wrong: list[str]
    """Frames that were judged otherwise than the policy says, in words."""
    conducts: Counter[str]
    differs: int
    """Verdicts of honest workers that the hostile witness is made up."""
    ledger: Ledger
    frames: int
    took_s: float

    @property
    def clean(self) -> bool:
        """Whether every outcome was the policy's, and no honest report was lost."""
        return self.ledger.clean and not self.wrong

    @property
    def row(self) -> dict[str, object]:
        """The numbers."""
        return {
            "campaign": f"compromised, {self.store}",
            "kills": 0,
            "faults": sum(self.conducts.values()),
            "frames": self.frames,
            **self.ledger.numbers,
            "wrong": len(self.wrong),
            "witness_differs": self.differs,
            "seconds": round(self.took_s, 1),
            "ok": self.clean,
        }


def compromised_campaign(
    root: Path, *, frames: int, postgres: Postgres | None = None, loud: bool = False
) -> Compromised:
    """Run so many frames with a hostile member; return what came of it.

    Args:
        root: empty folder.
        frames: of one model; 18 let it do all it can.
        postgres: gives each monitor a database; None: SQLite files.
        loud: say how it goes on.
    """
    began = time.monotonic()
    wrong: list[str] = []
    conducts: Counter[str] = Counter()
    with estate(root, postgres=postgres) as of:
        for place in of.places[:BAD]:
            of.fleet.start(place)
        of.register()
        bad = of.panel[BAD]
        with _hostile(of):
            for _ in range(frames):
                frame = of.world.current_frame(of.models[0])
                breach = frame % 3 == 1
                of.seal(of.models[0], breach=breach)
                of.wait(
                    lambda frame=frame: of.complete(of.models[0], frame, but={bad}), LIMIT_S, f"frame {frame}"
                )
                name = CONDUCTS[conduct_of(frame)].__name__
                conducts[name] += 1
                said = _outcome(of, frame, breach=breach)
                wrong += [f"frame {frame} ({name}): {said}"] if said else []
                if loud and said:
                    print(f"  {wrong[-1]}", flush=True)
            time.sleep(2)  # its last acts
        for place in of.places[:BAD]:
            of.fleet.end(place)
        verdicts = [
            (place.name, json.loads(line)["frame"])
            for place in of.places[:BAD]
            for line in place.log.read_text("utf-8").splitlines()
            if '"verdict": "differs"' in line
        ]
        ledger = of.account(but={bad})
    store = "postgres" if postgres else "sqlite"
    return Compromised(store, wrong, conducts, len(set(verdicts)), ledger, frames, time.monotonic() - began)


def _outcome(of: Estate, frame: FrameIndex, *, breach: bool) -> str:
    """Return how a frame's judgement differs from the policy's; empty where it does not."""
    hub = of.world.chain.contracts["ReportHub"].events
    about = {"modelId": of.models[0], "frame": frame}
    judged = hub.ReportJudged().get_logs(from_block=0, argument_filters=about)
    if len(judged) != 1:
        return f"judged {len(judged)} times"
    args = judged[0]["args"]
    hit = bool(args["hits"] >> INVALID & 1)
    if hit != breach:
        return f"the breached rule was {'hit' if hit else 'not hit'}"
    if breach and not args["caseId"]:
        return "a breach opened no case"
    honest = {
        event["args"]["report"]
        for event in hub.Attested().get_logs(from_block=0, argument_filters=about)
        if event["args"]["monitor"] != of.panel[BAD]
    }
    return "" if honest == {args["digest"]} else "what was judged is not what the honest say"


@contextmanager
def _hostile(of: Estate) -> Iterator[None]:
    hub = of.world.chain.contracts["ReportHub"]
    honest, own = of.places[0].folder, of.places[BAD].folder
    order = {
        "node": of.world.chain.anvil.http_url,
        "hub": hub.address,
        "abi": contract_types()["ReportHub"]["abi"],
        "key": of.keys[BAD].key.hex(),
        "index": BAD,
        "own": str(own / "evidence"),
        "honest": str(honest / "evidence"),
        "honest_address": of.panel[0],
    }
    file = own / "order.json"
    file.write_text(json.dumps(order), "utf-8")
    with (own / "log.txt").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "chaos.hostile", str(file)], stdout=log, stderr=log)
        try:
            yield
            if process.poll() is not None:
                raise AssertionError(f"the hostile process ended: {(own / 'log.txt').read_text()[-2000:]}")
        finally:
            process.kill()
            process.wait()
