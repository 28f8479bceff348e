"""Leave for what runs a model outside of a server: batch jobs, queues, notebooks.

    with permission() as leave:          # ModelHaltedError where the model may not run, or nobody knows
        for batch in batches:
            leave.check()                # for what takes long: no call, about a microsecond
            predict(batch)

    @permitted
    async def score(rows): ...           # a halt cancels it

A block that ends after the model was stopped raises too: what it made is not to be used.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from tribune.gate.connections import UnderWay
from tribune.gate.following import Following

if TYPE_CHECKING:
    from tribune.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


class Permission:
    """Leave to run a model within a `with` or `async with`, one at a time.

    A halt cancels the block of an `async with`, which then raises `ModelHaltedError`. The block of a `with`
    cannot be interrupted: what takes long calls `check`.

    Args:
        following: what knows of the model's status.
    """

    def __init__(self, following: Following) -> None:
        self._following = following
        self._block: UnderWay | None = None

    def check(self) -> None:
        """Return if the model may run now.

        Raises:
            ModelHaltedError: it may not, or nobody knows.
        """
        self._following.check()

    def __enter__(self) -> Permission:
        self._following.open()
        try:
            self._following.wait()
            self.check()
        except BaseException:
            self._following.close()
            raise
        return self

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        try:
            if fault is None:
                self.check()
        finally:
            self._following.close()

    async def __aenter__(self) -> Permission:
        following = self._following
        following.open()
        block = UnderWay()
        try:
            await asyncio.to_thread(following.wait)
            following.under_way.add(block)  # before the check: a halt between the two would be missed
            self.check()
        except BaseException:
            block.over = True
            following.under_way.discard(block)
            await asyncio.to_thread(following.close)
            raise
        self._block = block
        return self

    async def __aexit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        block, self._block = self._block, None
        following = self._following
        try:
            if block is not None:
                block.over = True
                following.under_way.discard(block)
                block.restore()
                if block.refusal is not None:
                    raise following.halted(block.refusal) from None
            if fault is None:
                self.check()
        finally:
            await asyncio.to_thread(following.close)


def permission(settings: Settings | None = None) -> Permission:
    """Return leave to run the model that the settings name, for one `with` or `async with`.

    Args:
        settings: None reads `tribune.toml` and the environment.

    Raises:
        ConfigurationError: the settings name no model, or cannot be used.
    """
    return Permission(Following(settings))


@overload
def permitted(function: Callable[P, R]) -> Callable[P, R]: ...


@overload
def permitted(*, settings: Settings) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def permitted(function: Callable[P, R] | None = None, *, settings: Settings | None = None) -> Any:
    """Let a function or coroutine function run only while the model may: as within `with permission()`.

    The first call begins to follow the model's status, for as long as the process runs.

    Args:
        function: not a generator, whose steps no call stands before.
        settings: None reads `tribune.toml` and the environment, at the first call.

    Raises:
        TypeError: for a generator function.
    """
    if function is None:
        return functools.partial(_permitted, settings=settings)
    return _permitted(function, settings=settings)


def _permitted(function: Callable[P, Any], *, settings: Settings | None) -> Callable[P, Any]:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{function.__name__} is a generator: use `with permission()` where it is consumed")

    lock = threading.Lock()

    @functools.cache
    def followed() -> Following:
        found = Following(settings)
        found.open()
        return found

    def following() -> Following:
        with lock:  # several first calls at once make one
            return followed()

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def alone(*args: P.args, **kwargs: P.kwargs) -> Any:
            async with Permission(following()):
                return await function(*args, **kwargs)

        return alone

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> Any:
        with Permission(following()):
            return function(*args, **kwargs)

    return called
