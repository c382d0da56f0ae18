import threading
import time
import uuid

import httpx
import pytest
from keyword_task import NamesTask, predictor, slow, softmax

from tunewheel.web.schemas import PredictResponse


def test_one_text_is_answered_with_version_id_and_probabilities(server):
    response = server.ask({"text": "my card"})
    assert response.status_code == 200
    answer = response.json()
    PredictResponse.model_validate(answer)
    assert answer["version"] == "v0001"
    (prediction,) = answer["predictions"]
    assert uuid.UUID(prediction["id"])
    assert prediction["label"] == "cards"
    assert prediction["confidence"] == max(prediction["probabilities"].values())


@pytest.mark.parametrize(
    "body",
    [
        {"texts": ["a fee", "我的卡", "refund"]},
        {"rows": [{"text": "a fee"}, {"text": "我的卡", "label": 7, "other": None}, {"text": "refund"}]},
    ],
)
def test_many_rows_are_answered_in_their_order(server, body):
    predictions = server.ask(body).json()["predictions"]
    assert [p["label"] for p in predictions] == ["fees", "cards", "refunds"]
    assert len({p["id"] for p in predictions}) == 3


def test_a_row_is_answered_like_a_text(server):
    assert server.ask({"row": {"text": "fee"}}).json()["predictions"][0]["label"] == "fees"


def test_served_answers_equal_the_predictors(server):
    texts = [f"{'card ' * (n % 5)}{'fee ' * (n % 3)}" + "x" for n in range(200)]
    served = server.ask({"texts": texts}).json()["predictions"]
    direct = predictor().predict([{"text": text} for text in texts])
    assert [(s["label"], s["confidence"]) for s in served] == [(d.value, d.confidence) for d in direct]


def test_entities_come_with_offsets_in_code_points(start):
    with start(predictor(task=NamesTask())) as server:
        answer = server.ask({"text": "😀 Anna and Bob"}).json()
    PredictResponse.model_validate(answer)
    assert [(e["start"], e["end"], e["text"]) for e in answer["predictions"][0]["entities"]] == [
        (2, 6, "Anna"),
        (11, 14, "Bob"),
    ]


def test_health_ready_and_version_answer(server):
    assert server.client.get("/health").json() == {"state": "alive"}
    assert server.client.get("/ready").json() == {"state": "ready"}
    assert server.client.get("/version").json() == {"version": "v0001", "task": "keyword", "reads": "text"}


def test_a_server_that_is_not_warm_or_retires_is_alive_but_not_ready(start):
    with start(start=False) as server:
        assert server.client.get("/ready").status_code == 503
        assert server.client.get("/health").status_code == 200
        server.service.start()
        assert server.client.get("/ready").status_code == 200
        server.service.retire()
        assert server.client.get("/ready").json() == {"state": "not ready"}


def test_metrics_count_requests_rows_and_name_the_version(start):
    with start() as server:
        server.ask({"texts": ["card", "fee"]})
        server.ask({"nothing": 1})
        server.client.get("/no/such/place")
        text = server.client.get("/metrics").text
    assert 'tunewheel_requests_total{route="/predict",status="200"} 1.0' in text
    assert 'tunewheel_requests_total{route="/predict",status="422"} 1.0' in text
    assert 'tunewheel_requests_total{route="other",status="404"} 1.0' in text
    assert 'tunewheel_request_seconds_count{route="/predict"} 2.0' in text
    assert 'tunewheel_version{task="keyword",version="v0001"} 1.0' in text
    assert "tunewheel_rows_total 2.0" in text
    assert "tunewheel_queue_rows 0.0" in text


def test_a_full_queue_answers_503_with_retry_after(start, told):
    with start(predictor(slow(0.5)), start=False, queue_rows=1) as server:
        answers: list[httpx.Response] = []
        url = f"http://127.0.0.1:{server.port}/predict"

        def ask():
            answers.append(httpx.post(url, json={"text": "card"}, timeout=10, trust_env=False))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [a for a in answers if a.status_code == 503]
        assert len(refused) >= 3
        assert {a.status_code for a in answers} == {200, 503}
        assert int(refused[0].headers["Retry-After"]) >= 1
        assert "waiting" in told(refused[0])


def test_a_request_that_takes_too_long_answers_504(start, told):
    with start(predictor(slow(1)), start=False, seconds=0.2) as server:
        response = server.ask({"text": "card"})
    assert response.status_code == 504
    assert "no answer in time" in told(response)


def test_a_client_that_leaves_gives_up_its_place(start):
    batches = []

    def engine(batch):
        batches.append(len(batch))
        time.sleep(0.4)
        return softmax(batch)

    with start(predictor(engine), start=False) as server:
        url = f"http://127.0.0.1:{server.port}/predict"
        first = threading.Thread(target=httpx.post, args=(url,), kwargs={"json": {"text": "card"}, "trust_env": False})
        first.start()
        while not batches:
            time.sleep(0.01)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(url, json={"texts": ["card"] * 7}, timeout=0.1, trust_env=False)
        first.join()
        assert server.ask({"text": "fee"}).status_code == 200
    assert 7 not in batches


def test_who_made_a_mistake_may_ask_again_on_the_same_connection(server, told):
    wrong = server.ask({"text": 1})
    assert wrong.status_code == 422 and told(wrong)
    assert "connection" not in wrong.headers


def test_the_way_past_the_framework_takes_only_what_it_is_for(server):
    assert server.client.get("/predict").status_code == 405
    assert server.client.post("/predict/", json={"text": "card"}).status_code == 404
    assert server.client.post("/predict?a=b", json={"text": "card"}).status_code == 200


def test_a_bug_answers_500_and_tells_only_the_log(start, told, caplog):
    def broken(batch):
        raise ZeroDivisionError("secret detail")

    with start(predictor(broken), start=False) as server:
        response = server.ask({"text": "card"})
        assert response.status_code == 500
        assert "log says why" in told(response)
        assert "secret detail" not in response.text
        assert server.client.get("/health").status_code == 200
    assert "secret detail" in caplog.text
