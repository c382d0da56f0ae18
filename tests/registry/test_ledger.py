from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunewheel.errors import WorkspaceError
from tunewheel.registry import Entry, canonical_json
from tunewheel.registry.ledger import START, chained, verify_chain

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(1, length + 1):
        previous = entries[-1].sha256 if entries else START
        entries.append(chained(number, "2026-11-23T00:00:00Z", "note", {"n": number}, previous))
    return entries


@settings(derandomize=True, deadline=None, max_examples=50)
@given(PLAIN)
def test_canonical_json_survives_reading(value: object) -> None:
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": (1, 2)}) == canonical_json({"a": [1, 2], "b": 1}) == '{"a":[1,2],"b":1}'


def test_canonical_json_reads_as_chinese_and_is_always_utf8() -> None:
    assert canonical_json({"名": "好"}) == '{"名":"好"}'
    assert json.loads(canonical_json("broken \ud800").encode()) == "broken \ud800"


def test_numbers_that_json_cannot_say_become_null() -> None:
    assert canonical_json([float("nan"), float("inf"), 1.5]) == "[null,null,1.5]"


def test_a_whole_chain_is_accepted() -> None:
    verify_chain(chain(4), 4)
    verify_chain([], 0)


@pytest.mark.parametrize(
    "change", [{"kind": "x"}, {"facts": {}}, {"at": ""}, {"previous": START}, {"sha256": START}, {"number": 7}]
)
def test_any_change_to_an_entry_is_found(change: dict[str, object]) -> None:
    entries = chain(4)
    entries[2] = replace(entries[2], **change)  # type: ignore[arg-type]
    with pytest.raises(WorkspaceError, match="entry 3 of the ledger"):
        verify_chain(entries, 4)


def test_an_entry_rehashed_after_a_change_breaks_the_next_one() -> None:
    entries = chain(4)
    entries[1] = chained(2, entries[1].at, "note", {"n": "forged"}, entries[0].sha256)
    with pytest.raises(WorkspaceError, match="entry 3 of the ledger"):
        verify_chain(entries, 4)


def test_a_chain_that_was_cut_off_is_found() -> None:
    with pytest.raises(WorkspaceError, match="entry 4 of the ledger is missing"):
        verify_chain(chain(3), 5)
