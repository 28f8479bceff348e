"""Starts workers, each a process of its own, without their seconds of imports; kills them where it is told.

    python -m chaos.launcher

Imports what a worker does, once, and forks for each order that it reads from its standard input, a JSON
object a line; says on its standard output who was born and who died. Forking is safe here: one thread, no
connection. Everything else of the command is as for anybody: settings from the environment, its own process
id, connections and threads.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from chaos.watching import Point, Watch

IMPORTS = (
    "tribune_monitors.app",
    "tribune_bot.app",
    "tribune_bot.cogs.cases",
    "tribune.ballots.relay",
    "tribune.cli",
    "tribune.cli.processes",
    "tribune.store.upgrade",
    "tribune_monitors.engines.duckdb_engine",
    "tribune_monitors.engines.conformance",
    "alembic.command",
    "alembic.autogenerate",
    "apscheduler.schedulers.asyncio",
    "apscheduler.triggers.interval",
    "apscheduler.jobstores.sqlalchemy",
    "duckdb",
    "eth_account",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "web3",
    "aiohttp",
    "numpy",
)


def main() -> None:
    """Serve orders until standard input ends, then kill who is left."""
    # Of one release or another: a name that is gone costs a little time, nothing else.
    for name in IMPORTS:
        try:
            importlib.import_module(name)
        except ImportError as fault:
            print(f"{name}: {fault}", file=sys.stderr)
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise SystemExit(f"{threads} threads run after the imports: forking would not be safe")
    lives: dict[int, tuple[int, int]] = {}  # pidfd -> (process, number)
    pending = b""
    _say(ready=True)
    while True:
        readable, _, _ = select.select([sys.stdin.fileno(), *lives], [], [])
        for fd in readable:
            if fd in lives:
                process, number = lives.pop(fd)
                _, status = os.waitpid(process, 0)
                os.close(fd)
                _say(died=number, code=os.waitstatus_to_exitcode(status))
        if sys.stdin.fileno() in readable:
            data = os.read(sys.stdin.fileno(), 2**16)
            if not data:
                break
            *orders, pending = (pending + data).split(b"\n")
            for order in map(json.loads, orders):
                process = _fork(order, list(lives))
                lives[os.pidfd_open(process)] = (process, order["number"])
                _say(born=order["number"], process=process)
    for process, _ in lives.values():
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


def _fork(order: dict[str, Any], fds: list[int]) -> int:
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        for fd in fds:
            os.close(fd)
        code = _live(order)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _live(order: dict[str, Any]) -> int:
    """Be a worker; return its exit code."""
    log = os.open(order["log"], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    epitaph = os.open(order["epitaph"], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    point = Point(**order["point"]) if order["point"] else None
    for module, function in order["before"]:
        getattr(importlib.import_module(module), function)()
    watch = Watch(point, epitaph)
    if point or order["count"]:
        watch.install()
    from tribune.cli import main as run

    sys.argv = ["tribune", *order["command"]]
    code = 0
    try:
        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    sys.setprofile(None)
    if order["count"]:
        steps = {"starting": watch.starting, "looking": watch.looking}
        Path(order["count"]).write_text(json.dumps(steps), "utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()
