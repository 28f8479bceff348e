"""Encode calls and decode answers, events and errors of the committed ABIs, by name.

Works without a node and without web3: eth_abi on the JSON in `tribune/chain/abi/`. Tuples come out as
dicts in snake_case; the wrappers turn them into dataclasses. Refuses an unknown name or wrong arguments.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tribune.chain.types import ContractCall, Event, Log, checksum
from tribune.exceptions import ChainError, ConfigurationError
from tribune.ids import Address

FOLDER = Path(__file__).parent / "abi"

AbiItem = dict[str, Any]


@functools.lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """Return a Solidity name in snake_case: `openUntil` → `open_until`, `seconds_` → `seconds`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m.group(1), name).lower().strip("_")


def type_of(parameter: Mapping[str, Any]) -> str:
    """Return a parameter's canonical type, tuples spelt out."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(type_of(part) for part in parameter["components"]) + ")" + kind[len("tuple") :]


def signature_of(item: AbiItem) -> str:
    """Return the canonical signature of a function, event or error."""
    return f"{item['name']}({','.join(type_of(p) for p in item['inputs'])})"


def shape(parameter: Mapping[str, Any], value: Any) -> Any:
    """Give a decoded value names: tuples to dicts, addresses checksummed, arrays to tuples."""
    kind: str = parameter["type"]
    if kind.endswith("]"):
        inner = {**parameter, "type": kind[: kind.rindex("[")]}
        return tuple(shape(inner, item) for item in value)
    if kind == "tuple":
        parts = parameter["components"]
        return {snake(part["name"]): shape(part, item) for part, item in zip(parts, value, strict=True)}
    if kind == "address":
        return checksum(value)
    return value


def _selector(item: AbiItem) -> bytes:
    from eth_utils.crypto import keccak

    return keccak(text=signature_of(item))


class Abi:
    """One contract's interface.

    Args:
        name: the contract's name, as in `deployments/<chainId>.json`.
        items: the ABI.
    """

    def __init__(self, name: str, items: Sequence[AbiItem]) -> None:
        self.name = name
        self.items = tuple(items)

    @functools.cached_property
    def functions(self) -> dict[str, AbiItem]:
        """Functions by name and by full signature; an overloaded plain name is left out."""
        return _by_name(item for item in self.items if item["type"] == "function")

    @functools.cached_property
    def events(self) -> dict[bytes, AbiItem]:
        """Events by topic."""
        return {_selector(i): i for i in self.items if i["type"] == "event" and not i.get("anonymous")}

    @functools.cached_property
    def errors(self) -> dict[bytes, AbiItem]:
        """Custom errors by selector."""
        return {_selector(item)[:4]: item for item in self.items if item["type"] == "error"}

    def _function(self, name: str) -> AbiItem:
        try:
            return self.functions[name]
        except KeyError:
            raise ChainError(
                f"The committed ABI of {self.name} has no function {name}.",
                mend="Run `make abi`, or name an overloaded function by its full signature.",
            ) from None

    def encode(self, function: str, arguments: Sequence[Any] = ()) -> bytes:
        """Return the call data of a function.

        Raises:
            ChainError: no such function, or arguments that do not fit its types.
        """
        from eth_abi.abi import encode
        from eth_abi.exceptions import EncodingError

        item = self._function(function)
        kinds = [type_of(p) for p in item["inputs"]]
        try:
            return _selector(item)[:4] + encode(kinds, list(arguments))
        except (EncodingError, ValueError, TypeError, OverflowError) as fault:
            raise ChainError(
                f"{self.name}.{signature_of(item)} cannot be called with these arguments: {fault}",
                contract=self.name,
                function=function,
            ) from fault

    def decode(self, function: str, data: bytes) -> Any:
        """Return a function's answer: a value, a dict, or a tuple where it has several.

        Raises:
            ChainError: the answer does not fit, most often since there is no such contract there.
        """
        outputs = self._function(function)["outputs"]
        values = self._values(outputs, data, f"{self.name}.{function}")
        return values[0] if len(outputs) == 1 else values

    def call(
        self, address: Address, function: str, arguments: Sequence[Any], description: str
    ) -> ContractCall:
        """Return a call of a function."""
        return ContractCall(to=address, data=self.encode(function, arguments), description=description)

    def decode_call(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Return function and arguments of call data, None where it is not exactly a call of this contract.

        What is not encoded as a compiler does it (offsets that overlap, bytes left over) is not explained.
        """
        for item in self.items:
            if item["type"] == "function" and _selector(item)[:4] == data[:4]:
                signature = signature_of(item)
                try:
                    values = self._values(item["inputs"], data[4:], f"a call of {self.name}")
                    plain = _decoder(tuple(type_of(p) for p in item["inputs"]))(data[4:])
                    if self.encode(signature, plain) != data:
                        return None
                except ChainError:
                    return None
                names = (snake(p["name"]) for p in item["inputs"])
                return str(item["name"]), dict(zip(names, values, strict=True))
        return None

    def topic(self, event: str) -> bytes:
        """Return the topic of an event by its name.

        Raises:
            ChainError: no such event.
        """
        for topic, item in self.events.items():
            if item["name"] == event:
                return topic
        raise ChainError(f"The committed ABI of {self.name} has no event {event}.", mend="Run `make abi`.")

    def decode_event(self, log: Log) -> Event | None:
        """Return a log decoded, None where this ABI does not know its topic."""
        item = self.events.get(log.topics[0]) if log.topics else None
        if item is None:
            return None
        indexed = [p for p in item["inputs"] if p["indexed"]]
        plain = [p for p in item["inputs"] if not p["indexed"]]
        if len(indexed) != len(log.topics) - 1:
            return None
        what = f"{self.name}.{item['name']}"
        args: dict[str, Any] = {}
        short: list[tuple[AbiItem, bytes]] = []
        for parameter, topic in zip(indexed, log.topics[1:], strict=True):
            # A dynamic indexed argument is on the chain only as its hash.
            dynamic = parameter["type"] in ("string", "bytes") or parameter["type"].startswith("tuple")
            if dynamic or parameter["type"].endswith("]"):
                args[snake(parameter["name"])] = topic
            else:
                short.append((parameter, topic))
        for parameters, data in (([p for p, _ in short], b"".join(t for _, t in short)), (plain, log.data)):
            values = self._values(parameters, data, what)
            args.update(zip((snake(p["name"]) for p in parameters), values, strict=True))
        ordered = {snake(p["name"]): args[snake(p["name"])] for p in item["inputs"]}
        return Event(contract=self.name, name=item["name"], args=ordered, log=log)

    def _values(self, parameters: Sequence[AbiItem], data: bytes, what: str) -> tuple[Any, ...]:
        from eth_abi.exceptions import DecodingError

        try:
            values = _decoder(tuple(type_of(p) for p in parameters))(data)
        except (DecodingError, OverflowError) as fault:
            raise ChainError(
                f"The answer of {what} does not fit the committed ABI ({type(fault).__name__}).",
                mend="Is this release deployed on this chain? Deploy again, or run `make abi`.",
                contract=self.name,
            ) from fault
        return tuple(shape(p, v) for p, v in zip(parameters, values, strict=True))


@functools.cache
def _decoder(kinds: tuple[str, ...]) -> Callable[[bytes], tuple[Any, ...]]:
    """Return what decodes values of these types; made once for each, since that takes longer than decoding.

    Text that is not UTF-8 comes out with replacement characters: anybody may put some into a reason, and
    must not hide the rest of an event by it.
    """
    import eth_abi.decoding
    import eth_abi.registry

    decoding: Any = eth_abi.decoding  # it is typed in part only

    class AnyText(decoding.StringDecoder):  # type: ignore[misc]
        @classmethod
        def from_type_str(cls, type_str: str, registry: Any) -> AnyText:
            return cls(handle_string_errors="replace")

    ours: Any = copy.copy(eth_abi.registry.registry)
    ours.unregister_decoder("string")
    ours.register_decoder("string", AnyText)
    decode = decoding.TupleDecoder(decoders=[ours.get_decoder(kind) for kind in kinds])
    return lambda data: tuple(decode(decoding.ContextFramesBytesIO(data)))


def _by_name(items: Iterable[AbiItem]) -> dict[str, AbiItem]:
    found: dict[str, AbiItem] = {}
    seen: set[str] = set()
    for item in items:
        name = item["name"]
        found[signature_of(item)] = item
        if name in seen:
            found.pop(name, None)
        else:
            found[name] = item
        seen.add(name)
    return found


@functools.cache
def load_abi(name: str) -> Abi:
    """Return a committed ABI by its contract's name.

    Raises:
        ConfigurationError: it is not there.
    """
    path = FOLDER / f"{name}.json"
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ConfigurationError(f"The ABI of {name} is missing.", mend="Run `make abi`.") from None
    return Abi(name, items)


@functools.cache
def committed_abis() -> tuple[Abi, ...]:
    """Return all committed ABIs."""
    return tuple(load_abi(path.stem) for path in sorted(FOLDER.glob("*.json")))
