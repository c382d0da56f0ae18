"""Two versions answer: every client meets one of them, and is told which."""

import pytest
from keyword_task import predictor
from prometheus_client.parser import text_string_to_metric_families

from tunewheel.feedback.limits import GuardLimits
from tunewheel.serving import Beside, Canary, Service, Switch, Tally


@pytest.fixture
def served(start):
    """v0001 is live, and v0002 answers half of the requests."""
    with start(behind=Switch) as server:
        switch = server.service
        candidate = Service(predictor(version="v0002"))
        switch.try_out(Canary(candidate, Beside(switch.idle), 0.5, Tally(GuardLimits())))
        yield server
        switch.try_out(None)


def test_the_key_of_a_client_decides_which_version_answers_and_the_answer_says_which(served):
    met = {}
    for _ in range(3):
        for key in map(str, range(12)):
            answer = served.ask({"text": "card"}, headers={"Tunewheel-Key": key}).json()
            assert answer["predictions"][0]["label"] == "cards"
            met.setdefault(key, set()).add(answer["version"])
    assert {len(versions) for versions in met.values()} == {1}
    assert set.union(*met.values()) == {"v0001", "v0002"}


def test_what_became_of_the_second_answers_is_told_as_numbers(served):
    keys = (str(key) for key in range(100))
    while served.ask({"text": "card"}, headers={"Tunewheel-Key": next(keys)}).json()["version"] != "v0002":
        pass
    while not served.service.beside["agreed"]:
        pass
    families = text_string_to_metric_families(served.client.get("/metrics").text)
    (family,) = (family for family in families if family.name == "tunewheel_beside_rows")
    found = {sample.labels["end"]: sample.value for sample in family.samples}
    assert found == {"agreed": 1.0, "differed": 0.0, "failed": 0.0, "dropped": 0.0}


def test_the_header_is_documented(served):
    parameters = served.client.get("/openapi.json").json()["paths"]["/predict"]["post"]["parameters"]
    assert [one["name"] for one in parameters] == ["Tunewheel-Keep", "Tunewheel-Key"]
