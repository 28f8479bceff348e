"""Walk the compiler's syntax tree. Positions in it are bytes of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scripts.mutation.compiler import Node

_TYPES = {"ElementaryTypeName", "UserDefinedTypeName", "ArrayTypeName", "Mapping", "FunctionTypeName"}
_DECLARATIONS = {"ImportDirective", "PragmaDirective", "StructuredDocumentation", "OverrideSpecifier"} | {
    "EventDefinition",
    "ErrorDefinition",
    "StructDefinition",
    "EnumDefinition",
    "UsingForDirective",
    "InheritanceSpecifier",
}
_SKIPPED = _TYPES | _DECLARATIONS


@dataclass(frozen=True, slots=True)
class Place:
    """A node and how it is reached: `above[-1]` is its parent, `field` the parent's field that holds it."""

    node: Node
    field: str
    above: tuple[Node, ...]

    @property
    def kind(self) -> str:
        """Type of the node."""
        return str(self.node["nodeType"])

    @property
    def parent(self) -> Node:
        """The node above, empty at the top."""
        return self.above[-1] if self.above else {}

    @property
    def function(self) -> str:
        """Name of the function around, empty outside functions."""
        for node in self.above:
            if node["nodeType"] == "FunctionDefinition":
                return str(node["name"] or node["kind"])
        return ""


def places(tree: Node) -> Iterator[Place]:
    """Yield all that runs: no types, declarations, documentation, steps of loops, or what a revert says."""
    yield from _below(tree, ())


def _below(node: Node, above: tuple[Node, ...]) -> Iterator[Place]:
    for field, value in node.items():
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, dict) or child.get("nodeType") in _SKIPPED | {None}:
                continue
            said_by_revert = field == "arguments" and index > 0 and is_require(node)
            if said_by_revert or node["nodeType"] == "RevertStatement" or field == "loopExpression":
                continue
            yield Place(child, field, (*above, node))
            yield from _below(child, (*above, node))


def span(node: Node) -> tuple[int, int]:
    """Return first byte and length of a node in its file."""
    start, length, _ = map(int, node["src"].split(":"))
    return start, length


def text_of(node: Node, source: bytes) -> str:
    """Return a node as it is written."""
    start, length = span(node)
    return source[start : start + length].decode()


def type_of(node: Node) -> str:
    """Return the compiler's name for an expression's type, such as `t_bool`."""
    return str(node.get("typeDescriptions", {}).get("typeIdentifier", ""))


def is_require(node: Node) -> bool:
    """Tell whether a node is a call of `require`."""
    return bool(node["nodeType"] == "FunctionCall" and node["expression"].get("name") == "require")
