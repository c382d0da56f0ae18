import time

import pytest
from keyword_task import KeywordTask, PictureTask, predictor, softmax

from tunewheel.errors import Overloaded, RequestInvalid
from tunewheel.serving import Service, ServingOptions


class ReviewTask(KeywordTask):
    class Options(KeywordTask.Options):
        text: str = "review"


@pytest.mark.parametrize("task", [KeywordTask(), ReviewTask(), PictureTask()], ids=["plain", "own column", "pictures"])
def test_a_service_warms_up_with_the_tasks_sample_whatever_the_column_is_called(task):
    service = Service(predictor(task=task), ServingOptions(max_rows=1))
    assert not service.ready
    service.start()
    assert service.ready
    assert service.submit([service.sample[0]], 5).result(5)[0]["label"] in ("cards", "fees")
    assert service.stop(1)
    assert not service.ready


def test_every_answer_has_an_id_of_its_own():
    service = Service(predictor())
    answers = service.submit([{"text": "card"}] * 3, 5).result(5)
    assert len({answer["id"] for answer in answers}) == 3
    assert service.stop(1)


def test_a_stopped_service_takes_nothing():
    service = Service(predictor())
    assert service.stop(1)
    with pytest.raises(Overloaded):
        service.submit([{"text": "card"}], 5)


def test_bad_rows_never_reach_the_queue():
    service = Service(predictor())
    with pytest.raises(RequestInvalid):
        service.submit([{"text": 1}], 5)
    assert service.waiting == 0
    assert service.stop(1)


def test_whether_requests_are_answered_together_is_measured():
    def once(batch):  # as fast for many rows as for one
        time.sleep(0.01)
        return softmax(batch)

    def each(batch):
        time.sleep(0.01 * len(batch))
        return softmax(batch)

    for engine, together in ((once, True), (each, False)):
        service = Service(predictor(engine))
        service.start()
        assert service.together is together
        assert service.stop(1)


def test_the_answers_list_as_many_labels_as_asked_for():
    service = Service(predictor(), ServingOptions(top=2))
    (answer,) = service.submit([{"text": "card"}], 5).result(5)
    assert next(iter(answer["probabilities"])) == answer["label"] and len(answer["probabilities"]) == 2
    assert service.stop(1)


def test_rows_that_are_not_alike_in_company_are_never_answered_together():
    def once(batch):  # as fast for many rows as for one
        time.sleep(0.01)
        return softmax(batch)

    made = predictor(once)
    made.alike = False
    service = Service(made)
    service.start()
    assert not service.together
    assert service.stop(1)
