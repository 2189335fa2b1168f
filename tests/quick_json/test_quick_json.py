"""What orjson reads is what the standard library reads, or is left to that."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpt_cli import quick_json

examples = settings(derandomize=True, deadline=None, max_examples=100, database=None)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def types(value):
    """A value with the types of its parts, because 1 == 1.0 == True."""
    if isinstance(value, dict):
        return {key: types(part) for key, part in value.items()}
    return [types(part) for part in value] if isinstance(value, list) else (type(value), value)


@examples
@given(VALUES)
def test_what_is_exact_is_what_the_standard_library_reads(value):
    content = json.dumps(value).encode()
    read = quick_json.loads(content)
    if _is_exact(read):
        assert types(read) == types(json.loads(content))


@examples
@given(VALUES)
def test_what_is_written_is_read_as_it_was(value):
    written = quick_json.dumps(value)
    if written is not None:
        assert types(json.loads(written)) == types(value)
        assert types(quick_json.loads(written)) == types(value)


def _is_exact(value):
    if isinstance(value, dict | list):
        return all(map(_is_exact, value.values() if isinstance(value, dict) else value))
    return quick_json.is_exact(value)


@pytest.mark.parametrize("text", ["1e999", "NaN", '"\\ud800"', "\xff\xfe[\x001\x00]\x00"])
def test_what_orjson_does_not_read_the_standard_library_reads(text):
    content = text.encode("latin-1")
    assert repr(quick_json.loads(content)) == repr(json.loads(content))


@pytest.mark.parametrize("content", [b"", b"{", b"[1,]", b"\xff", b"01", b"'a'"])
def test_what_is_no_json_is_refused(content):
    with pytest.raises(ValueError):
        quick_json.loads(content)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 2**53 + 1, 0, True, 1.5, -9e18])
def test_numbers_of_64_bits_are_exact(number):
    read = quick_json.loads(json.dumps(number).encode())
    assert quick_json.is_exact(read)
    assert (type(read), read) == (type(number), number)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30, 1e300])
def test_a_long_integer_that_was_rounded_is_not_taken_for_exact(number):
    assert not quick_json.is_exact(quick_json.loads(json.dumps(number).encode()))


@pytest.mark.parametrize("value", [2**64, "\ud800", math.nan])
def test_what_would_not_come_back_is_not_written(value):
    written = quick_json.dumps([value])
    assert written is None or (math.isnan(value) and written == b"[null]")


@examples
@given(st.dictionaries(st.text(), st.integers(0, 9), max_size=8))
def test_names_are_sorted_as_the_standard_library_sorts_them(value):
    written = quick_json.dumps(value)
    if written is not None:
        assert list(json.loads(written)) == list(json.loads(json.dumps(value, sort_keys=True)))
