"""What a mutant does wrong: one rule a kind of node, each a mistake that people make.

Not among them is what no test should care for: what a revert says, comments, the order of events, and the
steps of loops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scripts.mutation.compiler import Node
from scripts.mutation.mutant import Edit
from scripts.mutation.syntax import Place, is_require, places, span, text_of, type_of

Enums = dict[int, list[str]]
"""Names of all members of an enum, by the node id of each member."""

_RELATIONS = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
}
_CONNECTIVES = {"&&": "||", "||": "&&"}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*"} | {
    "<<": ">>",
    ">>": "<<",
    "&": "|",
    "|": "&",
    "^": "&",
}
_ATOMS = {"FunctionCall", "Identifier", "MemberAccess", "IndexAccess"}
_SMALL = 10  # up to here a number is also made one smaller


def edits(tree: Node, source: bytes, enums: Enums) -> Iterator[tuple[Place, Edit]]:
    """Yield every edit of a file with where it is, none twice."""
    seen = set()
    for place in places(tree):
        for edit in _of(place, source, enums):
            change = (edit.start, edit.length, edit.text)
            if change not in seen:
                seen.add(change)
                yield place, edit


def enums_in(trees: dict[str, Node]) -> Enums:
    """Collect the members of all enums."""
    found: Enums = {}

    def collect(node: Node) -> None:
        if node["nodeType"] == "EnumDefinition":
            names = [member["name"] for member in node["members"]]
            found.update({member["id"]: names for member in node["members"]})
        for child in node.get("nodes", []):
            collect(child)

    for tree in trees.values():
        collect(tree)
    return found


def _of(place: Place, source: bytes, enums: Enums) -> Iterator[Edit]:
    rule = _RULES.get(place.kind)
    if rule is not None:
        yield from rule(place, source)
    yield from _negation(place, source)
    if place.kind == "MemberAccess":
        yield from _member(place, source, enums)


def _binary(place: Place, source: bytes) -> Iterator[Edit]:
    node = place.node
    sign = node["operator"]
    if sign in _RELATIONS:
        yield from (_sign(node, source, "relation", other) for other in _RELATIONS[sign])
    elif sign in _CONNECTIVES:
        yield _sign(node, source, "connective", _CONNECTIVES[sign])
    elif sign in _ARITHMETIC:
        yield _sign(node, source, "arithmetic", _ARITHMETIC[sign])


def _assignment(place: Place, source: bytes) -> Iterator[Edit]:
    node, sign = place.node, place.node["operator"]
    if sign != "=":
        yield _sign(node, source, "assignment", "=")
        if (other := _ARITHMETIC.get(sign[:-1])) is not None:
            yield _sign(node, source, "assignment", f"{other}=")
    left = node["leftHandSide"]
    if left["nodeType"] == "TupleExpression" and len(left["components"]) > 1:
        yield from (_replaced(part, "component removal", "") for part in left["components"] if part)


def _unary(place: Place, source: bytes) -> Iterator[Edit]:
    node, sign = place.node, place.node["operator"]
    if sign in ("!", "-", "~"):
        yield _replaced(node, "negation", text_of(node["subExpression"], source))
    elif sign in ("++", "--"):
        yield _replaced(
            node, "arithmetic", text_of(node, source).replace(sign, "--" if sign == "++" else "++")
        )


def _negation(place: Place, source: bytes) -> Iterator[Edit]:
    """Negate a condition that is a name or a call: relations and connectives have rules of their own."""
    if type_of(place.node) != "t_bool" or place.kind not in _ATOMS:
        return
    condition = place.field == "condition" or (place.field == "arguments" and is_require(place.parent))
    if condition or place.parent.get("operator") in _CONNECTIVES:
        yield _replaced(place.node, "negation", f"!{text_of(place.node, source)}")


def _literal(place: Place, source: bytes) -> Iterator[Edit]:
    node, text = place.node, text_of(place.node, source)
    if node["kind"] == "bool":
        yield _replaced(node, "constant", "false" if text == "true" else "true")
    elif node["kind"] == "number":
        small = text.isdigit() and int(text) <= _SMALL
        yield _replaced(node, "constant", str(int(text) + 1) if small else f"({text} + 1)")
        if small and int(text) > 0:
            yield _replaced(node, "constant", str(int(text) - 1))


def _member(place: Place, source: bytes, enums: Enums) -> Iterator[Edit]:
    node = place.node
    names = enums.get(node.get("referencedDeclaration", -1))
    if names is not None:
        other = names[(names.index(node["memberName"]) + 1) % len(names)]
        yield _replaced(node, "constant", f"{text_of(node['expression'], source)}.{other}")
    elif type_of(node["expression"]).startswith("t_magic_meta_type"):
        yield _replaced(node, "constant", "0")


def _statement(place: Place, source: bytes) -> Iterator[Edit]:
    start, length = span(place.node)
    end = source.index(b";", start + length) + 1
    expression = place.node.get("expression") or {"nodeType": ""}
    operator = "require removal" if is_require(expression) else "statement removal"
    yield Edit(operator, start, end - start, "{}")


def _return(place: Place, source: bytes) -> Iterator[Edit]:
    if any(node["nodeType"] in ("IfStatement", "ForStatement") for node in place.above):
        yield from _statement(place, source)
    value = place.node.get("expression")
    if value is None or value["nodeType"] == "Literal":
        return
    kind = type_of(value)
    if kind == "t_bool":
        if value.get("operator") not in {*_RELATIONS, "!"}:
            yield _replaced(value, "return value", f"!({text_of(value, source)})")
    elif kind.startswith(("t_uint", "t_int")):
        yield _replaced(value, "return value", "0")
    elif kind.startswith("t_address"):
        yield _replaced(value, "return value", "address(0)")
    elif kind.startswith("t_bytes32"):
        yield _replaced(value, "return value", "bytes32(0)")


def _modifier(place: Place, source: bytes) -> Iterator[Edit]:
    if place.node["kind"] == "modifierInvocation":
        yield _replaced(place.node, "modifier removal", "")


def _sign(node: Node, source: bytes, operator: str, text: str) -> Edit:
    left, right = (
        (node["leftExpression"], node["rightExpression"])
        if node["nodeType"] == "BinaryOperation"
        else (node["leftHandSide"], node["rightHandSide"])
    )
    start = source.index(node["operator"].encode(), sum(span(left)), span(right)[0])
    return Edit(operator, start, len(node["operator"]), text)


def _replaced(node: Node, operator: str, text: str) -> Edit:
    start, length = span(node)
    return Edit(operator, start, length, text)


_RULES: dict[str, Callable[[Place, bytes], Iterator[Edit]]] = {
    "BinaryOperation": _binary,
    "Assignment": _assignment,
    "UnaryOperation": _unary,
    "Literal": _literal,
    "ExpressionStatement": _statement,
    "EmitStatement": _statement,
    "RevertStatement": _statement,
    "Continue": _statement,
    "Break": _statement,
    "Return": _return,
    "ModifierInvocation": _modifier,
}
