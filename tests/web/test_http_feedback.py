import time
import uuid

import pytest
from keyword_task import KeywordTask, NamesTask, predictor

from tunewheel.errors import Busy
from tunewheel.registry import Token, digest


class Named(KeywordTask):
    """A task that knows its labels."""

    def __init__(self):
        super().__init__()
        self.facts["labels"] = ["cards", "fees", "refunds"]


@pytest.fixture(scope="module")
def named(start):
    with start(predictor(task=Named()), patience=5.0) as server:
        yield server


def answered(server, text="Where is my card?", **more):
    return server.ask({"text": text}, **more).json()["predictions"][0]["id"]


def say(server, body, **more):
    return server.client.post("/feedback", json=body, **more)


def kept(server, identity):
    return [one for one in server.journal.said() if one.asked == identity]


def test_an_answer_is_corrected_the_moment_it_was_given(named):
    identity = answered(named)
    response = say(named, {"id": identity, "label": "fees", "who": "anna"})
    assert (response.status_code, response.json()) == (200, {"kept": 1, "warnings": []})
    (said,) = kept(named, identity)
    assert (said.kind, said.value, said.who, said.origin) == ("label", "fees", "anna", "api")
    assert said.row == {"text": "Where is my card?"} and said.key


def test_many_remarks_of_every_kind_in_one_request(named):
    first, second = answered(named), answered(named, "a fee")
    remarks = [{"id": first, "label": "fees", "text": "not a card"}, {"id": second, "thumb": False}]
    assert say(named, remarks).json()["kept"] == 3
    assert [(one.kind, one.value) for one in kept(named, first)] == [("label", "fees"), ("text", "not a card")]
    assert [(one.kind, one.value) for one in kept(named, second)] == [("thumb", False)]


def test_unknown_ids_are_named_all_together_and_nothing_is_kept(start, told):
    with start() as server:
        identity = answered(server)
        unknown = [str(uuid.uuid4()), "nobody"]
        response = say(server, [{"id": one, "label": "fees"} for one in (unknown[0], identity, unknown[1])])
        assert response.status_code == 404
        sentences = told(response)
        assert all(one in sentences for one in unknown) and "[0]" in sentences and "[2]" in sentences
        assert identity not in sentences and not kept(server, identity)


def test_an_answer_of_another_process_that_is_still_on_its_way_is_waited_for(named):
    from threading import Timer

    from memory_journal import asked

    identity = str(uuid.uuid4())
    timer = Timer(0.4, named.journal.keep, [[asked("late", identity=identity)]])
    timer.start()
    assert say(named, {"id": identity, "label": "fees"}).status_code == 200
    timer.join()


def test_a_new_label_is_welcome_and_one_that_is_almost_known_is_asked_about(named):
    identity = answered(named)
    assert say(named, {"id": identity, "label": "lost_luggage"}).json()["warnings"] == []
    (warning,) = say(named, {"id": identity, "label": "refund"}).json()["warnings"]
    assert "'refund'" in warning["what"] and "Did you mean 'refunds'?" in warning["mend"]
    assert [one.value for one in kept(named, identity)] == ["lost_luggage", "refund"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"id": "x"}, "say something"),
        ({"id": "x", "label": ""}, "label"),
        ({"id": "x", "label": "  "}, "label"),
        ({"id": "x", "label": None}, "this is no label"),
        ({"id": "x", "label": [{"start": True, "end": 2, "label": "x"}]}, "this is no label"),
        ({"id": "x", "thumb": "yes"}, "thumb"),
        ({"id": "x", "star": 5}, "Use one of id, label, thumb, text, who"),
        ({"label": "fees"}, "id"),
        ([], "1 item"),
        ("text", ""),
        ([{"id": "x", "thumb": True}] * 1001, "1000"),
        ([{"id": "x", "thumb": True}, {"id": "x", "thumb": 1}], "[1]"),
    ],
)
def test_what_is_no_remark_is_refused_with_a_sentence(named, told, body, says):
    response = say(named, body)
    assert response.status_code == 422
    assert says in told(response)


def test_a_label_of_the_wrong_kind_is_refused(start, told, named):
    identity = answered(named)
    response = say(named, {"id": identity, "label": ["cards", "fees"]})
    assert response.status_code == 422 and "one label" in told(response)
    response = say(named, [{"id": identity, "label": [{"start": 0, "end": 2, "label": "x"}]}])
    assert response.status_code == 422 and "[0]" in told(response)


def test_what_is_no_json_is_a_400_and_a_large_body_a_413(named, told, start):
    headers = {"Content-Type": "application/json"}
    assert named.client.post("/feedback", content=b"{", headers=headers).status_code == 400
    assert named.client.post("/feedback", content=b"x").status_code == 415
    with start(max_text_body=1_000) as server:
        assert say(server, {"id": "x", "text": "y" * 2_000}).status_code == 413


def test_a_client_opts_out_with_a_header(named):
    identity = answered(named, "my secret card", headers={"Tunewheel-Keep": "no"})
    assert say(named, {"id": identity, "label": "fees"}).status_code == 200
    answer = named.journal.find([identity])[identity]
    assert answer.row == {} and "secret" not in repr(vars(named.journal))
    (said,) = kept(named, identity)
    assert said.row == {} and said.key == ""


@pytest.mark.parametrize("said", ["No", "yes"])
def test_the_header_is_read_in_any_case_and_refused_when_it_says_neither_yes_nor_no(named, told, said):
    assert named.ask({"text": "card"}, headers={"Tunewheel-Keep": said}).status_code == 200
    refused = named.ask({"text": "card"}, headers={"Tunewheel-Keep": "nope"})
    assert refused.status_code == 422 and "neither no nor yes" in told(refused)


def test_a_token_for_feedback_corrects_and_does_not_ask_and_the_other_way_round(start, told):
    tokens = [Token("desk", "feedback", digest("f" * 20)), Token("shop", "predict", digest("p" * 20))]
    with start(tokens=tokens) as server:
        corrects, asks = ({"Authorization": f"Bearer {letter * 20}"} for letter in "fp")
        identity = answered(server, headers=asks)
        assert say(server, {"id": identity, "label": "fees"}).status_code == 401
        refused = say(server, {"id": identity, "label": "fees"}, headers=asks)
        assert refused.status_code == 403 and "feedback" in told(refused)
        assert server.ask({"text": "x"}, headers=corrects).status_code == 403
        assert say(server, {"id": identity, "label": "fees"}, headers=corrects).status_code == 200
        assert kept(server, identity)[0].who == "desk"


def test_entities_are_corrected_as_spans(start):
    task = NamesTask()
    with start(predictor(task=task)) as server:
        identity = answered(server, "Anna and Bob")
        server.service.predictor.task.options = type("O", (), {"text": "text", "words": "words", "label": "label"})()
        response = say(server, {"id": identity, "thumb": True})
        assert response.status_code == 200
        assert server.journal.find([identity])[identity].answer[1] == {"start": 9, "end": 12, "label": "NAME"}


def test_a_server_that_keeps_nothing_says_so(start, told):
    with start(keep=False) as server:
        response = say(server, {"id": "x", "label": "fees"})
        assert response.status_code == 404 and "keeps no answers" in told(response)


def test_what_was_kept_and_said_is_counted(start):
    with start() as server:
        identity = answered(server)
        say(server, {"id": identity, "thumb": True})
        latest = time.monotonic() + 10
        while 'tunewheel_journal_answers_total{end="kept"} 1.0' not in (text := server.client.get("/metrics").text):
            assert time.monotonic() < latest, text
            time.sleep(0.05)
        assert "tunewheel_feedback_total 1.0" in text


def test_what_waits_when_a_server_is_told_to_stop_is_kept(start, monkeypatch):
    from tunewheel.serving import keeper

    monkeypatch.setattr(keeper, "BATCH_SECONDS", 60.0)
    with start() as server:
        identity = answered(server)
        journal = server.journal
        assert not journal.find([identity])
    assert journal.find([identity])


def test_while_the_database_is_busy_who_corrects_is_told_to_come_back(start, told):
    with start() as server:
        identity = answered(server)
        server.journal.away = Busy("another process holds the database.")
        response = say(server, {"id": identity, "label": "fees"})
        server.journal.away = None
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1") and "holds" in told(response)
