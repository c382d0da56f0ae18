"""Ids of answers: unique, hard to guess, and growing with time."""

import time
import uuid

from tunewheel.feedback.identity import is_id, new_id


def test_ids_are_uuids_of_version_7_that_say_when() -> None:
    before, identity, after = time.time_ns() // 1_000_000, uuid.UUID(new_id()), time.time_ns() // 1_000_000
    assert identity.version == 7 and identity.variant == uuid.RFC_4122
    assert before <= identity.int >> 80 <= after


def test_a_later_id_stands_behind_an_earlier_one() -> None:
    earlier = new_id()
    time.sleep(0.002)
    assert new_id() > earlier


def test_no_two_are_alike_and_all_their_random_bits_vary() -> None:
    numbers = [uuid.UUID(new_id()).int for _ in range(2_000)]
    assert len(set(numbers)) == len(numbers)
    ones, zeros = 0, 0
    for number in numbers:
        ones, zeros = ones | number, zeros | ~number
    drawn = ((1 << 12) - 1) << 64 | (1 << 62) - 1
    assert ones & drawn == drawn and zeros & drawn == drawn


def test_ids_of_this_server_and_of_older_ones_are_known() -> None:
    assert is_id(new_id()) and is_id(str(uuid.uuid4()))
    assert not is_id("nobody") and not is_id(str(uuid.uuid1()))
