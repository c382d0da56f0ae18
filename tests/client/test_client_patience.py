"""What the client does when a server is busy, hangs up, is slow, or is something else."""

import time
from email.utils import formatdate

import pytest
from keyword_task import predictor, slow

from tunewheel.client import Client
from tunewheel.client import client as module
from tunewheel.errors import Overloaded, ServingError

BUSY = {"errors": [{"what": "the queue is full.", "where": "", "mend": "Try again later."}]}


@pytest.fixture
def slept(monkeypatch):
    waits = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    return waits


@pytest.mark.parametrize("status", [503, 429])
def test_it_waits_as_long_as_it_is_asked_to(scripted, slept, status):
    with scripted((status, {"Retry-After": "2"}, BUSY), (status, {}, BUSY)) as (url, seen), Client(url) as client:
        assert client.predict("card").label == "cards"
    assert slept == [2.0, 1.0] and len(seen) == 3


def test_a_date_is_understood_and_the_past_is_a_short_pause(scripted, slept):
    soon, past = formatdate(time.time() + 5, usegmt=True), formatdate(0, usegmt=True)
    answers = [(503, {"Retry-After": when}, BUSY) for when in (soon, past, "nonsense")]
    with scripted(*answers) as (url, _), Client(url) as client:
        client.predict("card")
    assert 3 <= slept[0] <= 5 and slept[1:] == [0.05, 1.0]


def test_the_whole_waiting_is_bounded(scripted, slept):
    busy = [(503, {"Retry-After": "2"}, BUSY)] * 9
    with scripted(*busy) as (url, seen), Client(url, patience=5) as client:
        with pytest.raises(Overloaded, match="the queue is full. Try again later.") as caught:
            client.predict("card")
        assert slept == [2.0, 2.0] and len(seen) == 3
    assert caught.value.retry_after == 2


def test_a_dropped_connection_is_tried_once_more(scripted):
    with scripted(None) as (url, seen), Client(url) as client:
        assert client.predict("card").label == "cards"
        assert len(seen) == 2
    with (
        scripted(None, None) as (url, seen),
        Client(url) as client,
        pytest.raises(ServingError, match="cannot be reached"),
    ):
        client.predict("card")
    assert len(seen) == 2


def test_a_server_that_is_not_there_is_told_with_its_address():
    with Client("http://127.0.0.1:9") as client:
        assert not client.ready()
        with pytest.raises(
            ServingError, match=r"http://127\.0\.0\.1:9.*: the server cannot be reached .*tunewheel serve"
        ):
            client.version()


def test_a_slow_server_is_left(start):
    with (
        start(predictor(slow(1.0))) as server,
        Client(f"http://127.0.0.1:{server.port}", seconds=0.2) as client,
        pytest.raises(ServingError, match=r"no answer within 0\.2 seconds"),
    ):
        client.predict("card")


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b"<html>"),
        (200, {}, {"predictions": []}),
        (200, {}, {"version": "v1", "predictions": []}),
        (200, {}, {"version": "v1", "predictions": ["x"]}),
        (200, {}, []),
    ],
)
def test_what_is_no_tunewheel_is_told(scripted, answer):
    with scripted(answer) as (url, _), Client(url) as client, pytest.raises(ServingError, match="no Tunewheel server"):
        client.predict("card")


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"[]", b'{"errors": []}', b'{"errors": [1]}'])
def test_an_error_without_sentences_gets_one(scripted, body):
    with (
        scripted((502, {}, body)) as (url, _),
        Client(url) as client,
        pytest.raises(ServingError, match=r"/predict: the server answers 502 Bad Gateway\."),
    ):
        client.predict("card")


def test_fields_of_newer_servers_are_left_out(scripted):
    newer = {"id": "1", "confidence": 0.5, "label": "x", "probabilities": None, "mood": 1}
    with scripted((200, {}, {"version": "v9", "predictions": [newer], "more": 1})) as (url, _), Client(url) as client:
        answer = client.predict("card")
    assert (answer.label, answer.version, answer.probabilities) == ("x", "v9", {})
