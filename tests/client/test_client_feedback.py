import json

import pytest

from tunewheel.client import Client, Entity
from tunewheel.client.client import REMARKS_A_REQUEST
from tunewheel.errors import AnswerMissing, RequestInvalid
from tunewheel.web.corrections import MOST_REMARKS


def test_an_answer_is_corrected(start):
    with start() as server, Client(f"http://127.0.0.1:{server.port}") as client:
        answer = client.predict("my card")
        assert client.feedback(answer.id, label="fees", who="anna") == []
        assert client.feedback(answer.id, thumb=False, text="no card at all") == []
        said = [(one.kind, one.value, one.who) for one in server.journal.said()]
        assert said == [("label", "fees", "anna"), ("thumb", False, ""), ("text", "no card at all", "")]


def test_an_answer_that_nobody_keeps_is_missing_and_nothing_to_say_is_refused(start):
    with start() as server, Client(f"http://127.0.0.1:{server.port}") as client:
        with pytest.raises(AnswerMissing, match="'nobody'"):
            client.feedback("nobody", thumb=True)
        with pytest.raises(RequestInvalid, match="say something"):
            client.feedback(client.predict("card").id)


def test_a_client_that_wants_nothing_kept_says_so_with_every_request(start):
    with start() as server, Client(f"http://127.0.0.1:{server.port}", keep=False) as client:
        identity = client.predict("my secret").id
        client.feedback(identity, thumb=True)
        assert server.journal.find([identity])[identity].row == {}


def test_many_remarks_go_in_requests_that_the_server_takes_and_doubts_come_back(scripted):
    assert REMARKS_A_REQUEST == MOST_REMARKS
    kept = {"kept": 1_000, "warnings": []}
    doubt = {"kept": 500, "warnings": [{"what": "'card' is new.", "where": "[3]", "mend": "Did you mean 'cards'?"}]}
    with scripted((200, {}, kept), (200, {}, doubt)) as (address, seen), Client(address) as client:
        remarks = [{"id": str(n), "label": "card"} for n in range(1_500)]
        assert client.feedback_many(remarks) == ["[3]: 'card' is new. Did you mean 'cards'?"]
    assert [len(body) for _, _, body in seen] == [1_000, 500]
    assert json.dumps(seen[1][2][0]) == '{"id": "1000", "label": "card"}'


def test_entities_of_an_answer_can_be_sent_as_they_are(scripted):
    with scripted((200, {}, {"kept": 1, "warnings": []})) as (address, seen), Client(address) as client:
        client.feedback("x", label=[Entity(0, 4, "Anna", "PER", 0.9)])
    assert seen[0][2][0]["label"][0]["label"] == "PER"
