"""An expression is of the type that it says, null where it has no value, and can do nothing but calculate."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.expression import Expression
from models.fields import may_be_null, not_null
from models.pickled import dump, load
from schemas.errors import Fatal

FIELDS = {"a": "long", "b": "double", "c": ["null", "double"], "s": "string", "t": "boolean"}
RECORDS = st.fixed_dictionaries(
    {
        "a": st.integers(-(1 << 63), (1 << 63) - 1),
        "b": st.floats(allow_nan=False, allow_infinity=False),
        "c": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "s": st.text(max_size=5),
        "t": st.booleans(),
    }
)
_PYTHON: dict[str, Any] = {"long": int, "double": (float, int), "string": str, "boolean": bool}

names = {"number": ["a", "b", "c", "1", "0", "2.5"], "text": ["s", "'x'"], "truth": ["t", "b > c", "s == 'x'"]}


def combined(parts: tuple[st.SearchStrategy[str], ...]) -> tuple[st.SearchStrategy[str], ...]:
    number, truth = parts
    numbers = st.one_of(
        number,
        st.builds("({} {} {})".format, number, st.sampled_from(["+", "-", "*", "/", "//", "%"]), number),
        st.builds("{}({})".format, st.sampled_from(["abs", "ceil", "exp", "floor", "log", "round", "sqrt"]), number),
        st.builds("min({}, {})".format, number, number),
        st.builds("({} if {} else {})".format, number, truth, number),
        st.builds("-{}".format, number),
        st.just("len(s)"),
    )
    truths = st.one_of(
        truth,
        st.builds("({} {} {})".format, number, st.sampled_from(["<", "<=", "==", "!="]), number),
        st.builds("({} {} {})".format, truth, st.sampled_from(["and", "or"]), truth),
        st.builds("(not {})".format, truth),
        st.just("lower(s) in ('x', 'y')"),
    )
    return numbers, truths


def expressions() -> st.SearchStrategy[str]:
    parts: tuple[st.SearchStrategy[str], ...] = (st.sampled_from(names["number"]), st.sampled_from(names["truth"]))
    for _ in range(3):
        parts = combined(parts)
    return st.one_of(*parts, st.just("s + 'x'"), st.just("upper(s)"))


@settings(max_examples=400, deadline=None)
@given(text=expressions(), x=RECORDS)
def test_the_result_is_of_the_type_that_was_said(text: str, x: dict[str, Any]) -> None:
    expression = Expression(text)
    kind, value = expression.type_in(FIELDS), expression(x)
    if value is None:
        assert may_be_null(kind)
    else:
        assert isinstance(value, _PYTHON[not_null(kind)])
        assert isinstance(value, bool) is (not_null(kind) == "boolean")
    if not_null(kind) == "long" and value is not None:
        assert -(1 << 63) <= value < 1 << 63
    assert load(dump(expression))(x) == value
    if any(x[name] is None for name in expression.names):
        assert value is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a / b", None),
        ("a % 0", None),
        ("sqrt(-a)", None),
        ("exp(1000 * a)", None),
        ("a * 9223372036854775807", None),
        ("a // 2 + b", 1.0),
        ("c > 1", None),
        ("c == c or t", None),
        ("s in ('x', 'y')", True),
        ("0 < a < 3", True),
        ("a if t else b", 2),
        ("max(a, 3, b)", 3),
        ("missing", None),
    ],
)
def test_what_has_no_value_is_null(text: str, expected: Any) -> None:
    assert Expression(text)({"a": 2, "b": 0.0, "c": None, "s": "x", "t": True}) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a +", "invalid syntax at column"),
        ("", "at column"),
        ("__import__('os')", 'no function "__import__"'),
        ("s.upper()", 'no function "s.upper"'),
        ("s.__class__", "Attribute is not part of the language"),
        ("[b for b in a]", "ListComp is not part of the language"),
        ("(lambda: 1)()", "there is no function"),
        ("a ** 99999999", "Pow is not part of the language"),
        ("f'{a}'", "JoinedStr is not part of the language"),
        ("a := 1", "invalid syntax"),
        ("s[0]", "Subscript is not part of the language"),
        ("None", "None is not part of the language"),
        ("len(s, s)", "len takes one value"),
        ("max(a)", "max takes two values or more"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, said: str) -> None:
    with pytest.raises(Fatal) as caught:
        Expression(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a + s", "s is of type string, expected a number"),
        ("s + a", "a is of type long, expected string"),
        ("a and t", "a is of type long, expected boolean"),
        ("a == s", "s is of type string, and a of type long"),
        ("a in s", '"in" needs a list'),
        ("a if s else b", "s is of type string, expected boolean"),
        ("('x', 'y')", "has no value by itself"),
        ("d", 'its input has no field "d"'),
    ],
)
def test_types_that_do_not_fit_are_refused(text: str, said: str) -> None:
    with pytest.raises(Fatal) as caught:
        Expression(text).type_in(FIELDS)
    assert said in str(caught.value)
