"""The client against the real application, over loopback."""

import base64
import subprocess
import sys

import pytest
from keyword_task import DOT, NamesTask, PictureTask, predictor

from tunewheel.client import Client, Entity, Served
from tunewheel.client.client import ROWS_A_REQUEST
from tunewheel.errors import RequestInvalid, RequestTooLarge, ServingError, Unauthorized
from tunewheel.serving import ServingOptions


@pytest.fixture
def client(start):
    with start() as server, Client(f"http://127.0.0.1:{server.port}") as client:
        yield client


def test_importing_it_loads_nothing_heavy():
    code = (
        "import sys, tunewheel.client; heavy = {'torch', 'onnxruntime', 'transformers', 'numpy', 'pyarrow', "
        "'pydantic', 'fastapi', 'sqlalchemy', 'sklearn'}; print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_a_text_is_answered_as_the_predictor_does(client):
    answer = client.predict("my card")
    (direct,) = predictor().predict([{"text": "my card"}])
    assert (answer.label, answer.confidence, answer.version) == (direct.value, direct.confidence, "v0001")
    assert answer.id and dict(answer.probabilities) == pytest.approx(direct.probabilities)
    assert answer.labels is None and answer.entities is None


def test_many_rows_are_split_and_keep_their_order(client):
    texts = [f"{'card' if n % 3 else 'a fee'} {n}" for n in range(2 * ROWS_A_REQUEST + 7)]
    answers = client.predict_many(texts)
    assert [answer.label for answer in answers] == ["cards" if n % 3 else "fees" for n in range(len(texts))]
    assert len({answer.id for answer in answers}) == len(texts)
    assert client.predict_many([]) == []


def test_the_split_is_the_servers_limit():
    assert ServingOptions().max_rows == ROWS_A_REQUEST


def test_a_server_that_takes_less_gets_less(start):
    texts = [f"{'card' if n % 2 else 'fee'} {n}" for n in range(20)]
    with start(max_rows=3) as server, Client(f"http://127.0.0.1:{server.port}") as client:
        assert [a.label for a in client.predict_many(texts)] == ["fees", "cards"] * 10
        with pytest.raises(RequestInvalid, match=r"request row 18: .*the text is empty"):
            client.predict_many([*texts[:17], "  "])


def test_one_row_that_is_too_large_is_told(start):
    with (
        start(max_text_body=1_000) as server,
        Client(f"http://127.0.0.1:{server.port}") as client,
        pytest.raises(RequestTooLarge, match="larger than 1,000 bytes"),
    ):
        client.predict_many(["card", "x" * 2_000])


def test_an_empty_text_beyond_the_first_request_is_named_by_its_row(client):
    rows = ["card"] * ROWS_A_REQUEST + ["fee", " "]
    with pytest.raises(RequestInvalid) as caught:
        client.predict_many(rows)
    assert caught.value.problems[0].where == f"request row {ROWS_A_REQUEST + 2}"


def test_one_text_is_no_list_of_texts(client):
    with pytest.raises(RequestInvalid, match="Use predict for one row"):
        client.predict_many("my card")


def test_entities_and_words(start):
    with start(predictor(task=NamesTask())) as server, Client(f"http://127.0.0.1:{server.port}") as client:
        answers = client.predict_many(["😀 Anna", {"words": ["Bob", "sings"]}])
    assert answers[0].entities == (Entity(2, 6, "Anna", "NAME", 0.9),)
    assert [entity.text for entity in answers[1].entities] == ["Bob"]


def test_a_picture_is_sent_as_bytes(start):
    with start(predictor(task=PictureTask())) as server, Client(f"http://127.0.0.1:{server.port}") as client:
        assert client.predict(base64.b64decode(DOT)).label == "fees"


def test_a_token_is_needed_where_there_is_one(start):
    with start(token="secret") as server:
        url = f"http://127.0.0.1:{server.port}"
        with Client(url, token="secret\n") as client:
            assert client.predict("card").label == "cards"
        with Client(url, token="wrong") as client, pytest.raises(Unauthorized, match="the token is wrong"):
            client.predict("card")
        with Client(url) as client:
            assert client.ready()
            with pytest.raises(Unauthorized, match="a token is needed"):
                client.version()


def test_version_and_ready(start):
    with start(start=False) as server, Client(f"http://127.0.0.1:{server.port}") as client:
        assert not client.ready()
        server.service.start()
        assert client.ready()
        assert client.version() == Served("v0001", "keyword", "text")


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(start, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with start() as server, Client(f"http://127.0.0.1:{server.port}") as client:
        assert client.predict("card").label == "cards"


@pytest.mark.parametrize("url", ["127.0.0.1:8321", "ftp://127.0.0.1", "http://", "http://a:b", ""])
def test_what_is_no_address_is_told(url):
    with pytest.raises(ServingError, match="is no address of a server"):
        Client(url)


def test_a_certificate_that_cannot_be_read_is_told_at_once(tmp_path):
    (tmp_path / "c.pem").write_text("none")
    for path in (tmp_path / "c.pem", tmp_path / "nowhere.pem"):
        with pytest.raises(ServingError, match="certificate cannot be read"):
            Client("https://127.0.0.1:1", certificate=path)
