"""Which expressions there are, and of what type each is: decided by its text and the types of its fields alone."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

from models.fields import Known, described, expect, may_be_null, not_null, nullable
from schemas.errors import Fatal
from schemas.fields import plain_type

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "exp": math.exp,
    "floor": math.floor,
    "len": len,
    "log": math.log,
    "lower": str.lower,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
    "upper": str.upper,
}

_WHOLE, _FLOATING, _TEXT, _TRUTH = "long", "double", "string", "boolean"
_GIVES = {"ceil": _WHOLE, "floor": _WHOLE, "round": _WHOLE, "exp": _FLOATING, "log": _FLOATING, "sqrt": _FLOATING}
_LITERALS = {bool: _TRUTH, int: _WHOLE, float: _FLOATING, str: _TEXT}
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_FAMILIES = {"int": _WHOLE, "float": _FLOATING, "enum": _TEXT}


def parsed(text: str) -> ast.Expression:
    """The tree of an expression. Raises Fatal where it is none, or uses what there is not."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise Fatal(f'expression "{text}": {error.msg} at column {error.offset}') from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            _check_call(text, node)
        elif not isinstance(node, _NODES) or (isinstance(node, ast.Constant) and type(node.value) not in _LITERALS):
            raise Fatal(f'expression "{text}": {_called(node)} is not part of the language', hint=_LANGUAGE)
    return tree


def names_in(tree: ast.Expression) -> tuple[str, ...]:
    """The fields that an expression names, each once."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called)
    return tuple(dict.fromkeys(found))


def checked_type(text: str, tree: ast.Expression, fields: Known) -> Any:
    """The Avro type of an expression over these fields. Raises Fatal where they do not fit."""
    who = f'expression "{text}"'
    names = names_in(tree)
    expect(fields, names, who)
    kind = _Types(who, fields).of(tree.body)
    arithmetic = any(isinstance(node, ast.BinOp | ast.Call | ast.USub) for node in ast.walk(tree))
    return nullable(kind) if arithmetic or any(may_be_null(fields[name]) for name in names) else kind


class _Types:
    """The types of the parts of one expression, null aside."""

    def __init__(self, who: str, fields: Known) -> None:
        self._who = who
        self._fields = fields

    def of(self, node: ast.expr) -> Any:
        rule = _RULES.get(type(node))
        if rule is None:
            raise Fatal(f"{self._who}: {ast.unparse(node)} has no value by itself")
        return rule(self, node)

    def constant(self, node: ast.Constant) -> str:
        return _LITERALS[type(node.value)]

    def field(self, node: ast.Name) -> Any:
        kind = not_null(self._fields[node.id])
        return _FAMILIES.get(plain_type(kind), plain_type(kind)) if _is_plain(kind) else kind

    def one_sided(self, node: ast.UnaryOp) -> str:
        return self._expect(node.operand, _TRUTH) if isinstance(node.op, ast.Not) else self._number([node.operand])

    def two_sided(self, node: ast.BinOp) -> str:
        if isinstance(node.op, ast.Add) and self.of(node.left) == _TEXT:
            return self._expect(node.right, _TEXT)
        kind = self._number([node.left, node.right])
        return _FLOATING if isinstance(node.op, ast.Div) else kind

    def joined(self, node: ast.BoolOp) -> str:
        for value in node.values:
            self._expect(value, _TRUTH)
        return _TRUTH

    def chosen(self, node: ast.IfExp) -> Any:
        self._expect(node.test, _TRUTH)
        return self._one_of([node.body, node.orelse])

    def compared(self, node: ast.Compare) -> str:
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            listed = right.elts if isinstance(right, ast.Tuple | ast.List) else None
            if isinstance(op, ast.In | ast.NotIn) != (listed is not None):
                raise Fatal(f'{self._who}: "in" needs a list, as in origin in ("JFK", "EWR")')
            self._one_of([left, *(listed if listed is not None else [right])])
            left = right
        return _TRUTH

    def called(self, node: ast.Call) -> Any:
        name = ast.unparse(node.func)
        if name in ("lower", "upper", "len"):
            self._expect(node.args[0], _TEXT)
            return _WHOLE if name == "len" else _TEXT
        return _GIVES.get(name, self._number(node.args))

    def _number(self, parts: Sequence[ast.expr]) -> str:
        kinds = [self.of(part) for part in parts]
        for part, kind in zip(parts, kinds, strict=True):
            if kind not in (_WHOLE, _FLOATING):
                raise Fatal(f"{self._who}: {ast.unparse(part)} is of type {described(kind)}, expected a number")
        return _FLOATING if _FLOATING in kinds else _WHOLE

    def _expect(self, part: ast.expr, expected: str) -> str:
        kind = self.of(part)
        if kind != expected:
            raise Fatal(f"{self._who}: {ast.unparse(part)} is of type {described(kind)}, expected {expected}")
        return expected

    def _one_of(self, parts: Sequence[ast.expr]) -> Any:
        """The one type of all parts; whole numbers beside others become such."""
        kinds = [self.of(part) for part in parts]
        if all(kind in (_WHOLE, _FLOATING) for kind in kinds):
            return _FLOATING if _FLOATING in kinds else _WHOLE
        for part, kind in zip(parts, kinds, strict=True):
            if kind != kinds[0]:
                raise Fatal(
                    f"{self._who}: {ast.unparse(part)} is of type {described(kind)}, "
                    f"and {ast.unparse(parts[0])} of type {described(kinds[0])}"
                )
        return kinds[0]


_RULES: dict[type[ast.AST], Callable[[_Types, Any], Any]] = {
    ast.Constant: _Types.constant,
    ast.Name: _Types.field,
    ast.UnaryOp: _Types.one_sided,
    ast.BinOp: _Types.two_sided,
    ast.BoolOp: _Types.joined,
    ast.Compare: _Types.compared,
    ast.IfExp: _Types.chosen,
    ast.Call: _Types.called,
}


def _check_call(text: str, node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in FUNCTIONS:
        raise Fatal(f'expression "{text}": there is no function "{name}"', hint=f"there are {', '.join(FUNCTIONS)}")
    at_least = 2 if name in ("max", "min") else 1
    if node.keywords or len(node.args) < at_least or (len(node.args) > 1 and name not in ("max", "min")):
        raise Fatal(f'expression "{text}": {name} takes {"two values or more" if at_least == 2 else "one value"}')


def _called(node: ast.AST) -> str:
    return repr(node.value) if isinstance(node, ast.Constant) else type(node).__name__


def _is_plain(kind: Any) -> bool:
    return not isinstance(kind, dict) or "logicalType" not in kind


_NODES = (
    *(ast.Expression, ast.Name, ast.Load, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp),
    *(ast.Compare, ast.In, ast.NotIn, ast.IfExp, ast.Tuple, ast.List, *_ARITHMETIC, *_COMPARISONS, ast.Constant),
)
_LANGUAGE = 'numbers, text, + - * / // %, comparisons, and, or, not, in, "... if ... else ..." and functions'
