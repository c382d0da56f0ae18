import io
import threading

import pytest
from keyword_task import KeywordTask, predictor, softmax
from PIL import Image

from tunewheel.errors import RequestInvalid
from tunewheel.records import Batch, Example, Picture, Source
from tunewheel.serving.predictor import chunks, cost


def test_answers_come_in_the_order_of_the_rows_whatever_their_length():
    rows = [{"text": "fee " * n} if n % 2 else {"text": "卡" * (n + 1)} for n in range(150)]
    answers = predictor().predict(rows, batch_budget=200)
    assert [a.value for a in answers] == ["fees" if n % 2 else "cards" for n in range(150)]


def test_no_rows_have_no_answers():
    assert predictor().predict([]) == []


def test_a_large_picture_is_more_work_than_a_small_one_however_few_bytes_it_has():
    def flat(side):
        made = io.BytesIO()
        Image.new("P", (side, side)).save(made, "PNG")
        return Example(Picture(made.getvalue()))

    small, large = cost(flat(1)), cost(flat(4_000))
    assert small == 1_024 and large > 200 * small
    assert cost(Example(Picture(b"no picture"))) == small


def test_a_long_answer_that_nobody_waits_for_is_given_up_between_two_chunks():
    made, asked = predictor(), []

    def is_wanted():
        asked.append(True)
        return len(asked) < 3

    examples = made.parse([{"text": "card"}] * 10)
    with pytest.raises(TimeoutError, match="nobody waits"):
        made.predict_examples(examples, most=2, is_wanted=is_wanted)
    assert len(asked) == 3
    assert len(made.predict_examples(examples, most=2)) == 10


def test_every_row_that_cannot_be_read_is_named():
    with pytest.raises(RequestInvalid) as caught:
        predictor().predict([{"x": 1}, {"text": "card"}, {"y": 2}])
    assert [p.where for p in caught.value.problems] == ["request row 1", "request row 3"]


def test_the_answer_in_a_row_is_not_looked_at():
    seen = []

    class Looking(KeywordTask):
        def encode(self, examples):
            seen.extend(e.target for e in examples)
            return super().encode(examples)

    predictor(task=Looking()).predict([{"text": "card", "label": "no such label"}])
    assert seen == [None]


def test_chunks_hold_each_position_once_within_the_budget():
    costs = [5, 1, 9, 30, 2, 2]
    cut = list(chunks(costs, 10))
    assert sorted(p for chunk in cut for p in chunk) == list(range(6))
    assert all(len(chunk) * max(costs[p] for p in chunk) <= 10 for chunk in cut if len(chunk) > 1)


def test_one_engine_answers_one_chunk_at_a_time():
    inside, most = 0, 0

    def engine(batch: Batch):
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        inside -= 1
        return softmax(batch)

    shared = predictor(engine)
    examples = [Example("card", None, Source())] * 200
    threads = [threading.Thread(target=shared.predict_examples, args=(examples,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
