"""Constraints: expressions over params that a legal point makes true, read without ``eval``.

What may stand in one: numbers, text in quotes, true and false, names of params (dotted ones too), ``+ - *
/ // % **``, comparisons (chained ones too), ``and or not``, ``in`` and ``not in`` a list, and the
functions of :data:`FUNCTIONS`.  Arithmetic is for numbers only, and ``**`` is computed in floats, so that
no expression can grow without bound.

A point for which an expression has no value (a division by zero, an overflow, the logarithm of 0, text
compared with a number) is refused.  A constraint that mentions an inactive name holds.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from hpt_cli.space.values import Value

LENGTH_LIMIT = 1000
"""Characters of one constraint: far above what anybody writes, far below what a parser chokes on."""
DEPTH_LIMIT = 100
"""Levels of nesting (each term of a sum is one), far below what Python's stack holds."""

Scope = Mapping[str, Value]
_Evaluate = Callable[[Scope], Any]


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, (bool, int, float))


def _of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*values: object) -> Any:
        if not all(_number(value) for value in values):
            raise TypeError("arithmetic is for numbers, not for text")
        return function(*values)

    return checked


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": _of_numbers(abs),
    "min": _of_numbers(min),
    "max": _of_numbers(max),
    "round": _of_numbers(round),
    "floor": _of_numbers(math.floor),
    "ceil": _of_numbers(math.ceil),
    "sqrt": _of_numbers(math.sqrt),
    "log": _of_numbers(math.log),
    "log2": _of_numbers(math.log2),
    "log10": _of_numbers(math.log10),
}
"""The functions a constraint may call; ``log`` is the natural one."""

_ARITHMETIC: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _of_numbers(operator.add),
    ast.Sub: _of_numbers(operator.sub),
    ast.Mult: _of_numbers(operator.mul),
    ast.Div: _of_numbers(operator.truediv),
    ast.FloorDiv: _of_numbers(operator.floordiv),
    ast.Mod: _of_numbers(operator.mod),
    ast.Pow: _of_numbers(math.pow),
    ast.USub: _of_numbers(operator.neg),
    ast.UAdd: _of_numbers(operator.pos),
}
_COMPARISONS: Mapping[type[ast.AST], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, values: value in values,
    ast.NotIn: lambda value, values: value not in values,
}
_CONSTANTS: Mapping[str, bool] = {"true": True, "false": False}


@dataclass(frozen=True)
class Constraint:
    """One expression, ready to be asked.

    Args:
        text: As the user wrote it.
        names: The params it mentions.
        evaluate: From a value for each name to what the expression says; raises what Python raises.
    """

    text: str
    names: frozenset[str]
    evaluate: Callable[[Scope], Any]

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """Read an expression.

        Raises:
            ValueError: It is not one that this module knows, in a sentence for the user.
        """
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"a constraint is an expression such as 'a <= b', found {text!r}")
        if len(text) > LENGTH_LIMIT:
            raise ValueError(f"a constraint has at most {LENGTH_LIMIT} characters, found {len(text)}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's remarks on odd escapes in quotes
                tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            hint = "; equality is written ==" if re.search(r"[^<>=!]=[^=]", text) else ""
            raise ValueError(f"the constraint {text!r} is not an expression such as 'a <= b'{hint}") from None
        names: set[str] = set()
        try:
            _check_depth(tree.body)
            evaluate = _compile(tree.body, names)
        except ValueError as error:
            raise ValueError(f"the constraint {text!r} {error}") from None
        return cls(text, frozenset(names), evaluate)

    def holds(self, scope: Scope) -> bool:
        """Whether ``scope`` makes it true.

        True where a name has no value, false where the expression has none.
        """
        if not self.names <= scope.keys():
            return True
        try:
            return bool(self.evaluate(scope))
        except (ArithmeticError, ValueError, TypeError):
            return False


def _check_depth(node: ast.expr) -> None:
    level: list[ast.AST] = [node]
    for _ in range(DEPTH_LIMIT):
        level = [child for parent in level for child in ast.iter_child_nodes(parent)]
        if not level:
            return
    raise ValueError("is nested too deeply")


def _compile(node: ast.expr, names: set[str]) -> _Evaluate:
    """A function of the scope for ``node``; the names it reads are added to ``names``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float, str)):
        constant = node.value
        return lambda _: constant
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _compile_name(_dotted(node), names)
    if isinstance(node, ast.BoolOp):
        every = all if isinstance(node.op, ast.And) else any
        operands = [_compile(value, names) for value in node.values]
        return lambda scope: every(operand(scope) for operand in operands)
    if isinstance(node, ast.UnaryOp):
        operand = _compile(node.operand, names)
        if isinstance(node.op, ast.Not):
            return lambda scope: not operand(scope)
        unary = _known(_ARITHMETIC, node.op)
        return lambda scope: unary(operand(scope))
    if isinstance(node, ast.BinOp):
        left, right = _compile(node.left, names), _compile(node.right, names)
        binary = _known(_ARITHMETIC, node.op)
        return lambda scope: binary(left(scope), right(scope))
    if isinstance(node, ast.Compare):
        return _compile_comparison(node, names)
    if isinstance(node, (ast.List, ast.Tuple)):
        items = [_compile(item, names) for item in node.elts]
        return lambda scope: [item(scope) for item in items]
    if isinstance(node, ast.Call):
        return _compile_call(node, names)
    raise ValueError(f"contains {ast.unparse(node)!r}, which constraints do not know")


def _compile_name(name: str, names: set[str]) -> _Evaluate:
    if name in _CONSTANTS:
        constant = _CONSTANTS[name]
        return lambda _: constant
    names.add(name)
    return lambda scope: scope[name]


def _compile_comparison(node: ast.Compare, names: set[str]) -> _Evaluate:
    operands = [_compile(operand, names) for operand in (node.left, *node.comparators)]
    tests = [_known(_COMPARISONS, op) for op in node.ops]
    for op, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, (ast.In, ast.NotIn)) and not isinstance(right, (ast.List, ast.Tuple)):
            raise ValueError(
                f"looks for something in {ast.unparse(right)!r}, which is not a list in brackets"
            )

    def compare(scope: Scope) -> bool:
        left = operands[0](scope)
        for test, operand in zip(tests, operands[1:], strict=True):
            right = operand(scope)
            if not test(left, right):
                return False
            left = right
        return True

    return compare


def _compile_call(node: ast.Call, names: set[str]) -> _Evaluate:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in FUNCTIONS:
        raise ValueError(f"calls {name!r}; known functions: {', '.join(sorted(FUNCTIONS))}")
    if node.keywords or not node.args or any(isinstance(argument, ast.Starred) for argument in node.args):
        raise ValueError(f"calls {name!r} with something else than plain values")
    function, arguments = FUNCTIONS[name], [_compile(argument, names) for argument in node.args]
    return lambda scope: function(*(argument(scope) for argument in arguments))


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    raise ValueError(f"contains {ast.unparse(node)!r}, which is not a name")


def _known(table: Mapping[type[ast.AST], Callable[..., Any]], op: ast.AST) -> Callable[..., Any]:
    if type(op) not in table:
        raise ValueError(f"uses the operator {type(op).__name__}, which constraints do not know")
    return table[type(op)]


def check(constraint: Constraint, scopes: Sequence[Scope]) -> None:
    """Try an expression at a few points, to find what could never work.

    Raises:
        ValueError: It mixes text and numbers, or says a number or text instead of yes or no.
    """
    for scope in scopes:
        if not constraint.names <= scope.keys():
            continue
        try:
            said = constraint.evaluate(scope)
        except TypeError:
            what = "mixes text and numbers, or calls a function with too few values"
            raise ValueError(f"the constraint {constraint.text!r} {what}") from None
        except (ArithmeticError, ValueError):
            continue
        if not isinstance(said, bool):
            raise ValueError(f"the constraint {constraint.text!r} is not a comparison: it says {said!r}")
