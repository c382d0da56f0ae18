import socket

import pytest
from keyword_task import predictor

from tunewheel.errors import ServingError
from tunewheel.workflows import serve as workflow
from tunewheel.workflows.say import Silent


class Listening(Silent):
    def __init__(self):
        self.lines = []

    def line(self, text):
        self.lines.append(text)


@pytest.fixture
def served(monkeypatch):
    """What the workflow hands to the web application."""
    handed = {}

    class Web:
        @staticmethod
        def run(service, options, listener, *, token, loopback):
            handed.update(service=service, token=token, loopback=loopback, port=listener.getsockname()[1])

    monkeypatch.setattr(workflow, "load", lambda workspace, version, engine: predictor())
    monkeypatch.setattr(workflow.importlib, "import_module", lambda name: Web)
    return handed


def test_only_this_machine_can_ask_unless_said_otherwise(served):
    say = Listening()
    workflow.serve(None, port=0, say=say)
    assert (served["token"], served["loopback"]) == (None, True)
    assert served["service"].ready
    said = "\n".join(say.lines)
    assert f"Serving v0001 (keyword) at http://127.0.0.1:{served['port']}" in said
    assert f"curl http://127.0.0.1:{served['port']}/predict" in said


def test_for_other_machines_a_token_is_made_and_said_once(served):
    say = Listening()
    workflow.serve(None, host="0.0.0.0", port=0, say=say)
    assert served["loopback"] is False
    assert len(served["token"]) >= 32
    assert sum(served["token"] in line for line in say.lines) == 1


def test_a_given_token_is_used_and_not_said(served):
    say = Listening()
    workflow.serve(None, port=0, token="a-token-of-many-letters", say=say)
    assert served["token"] == "a-token-of-many-letters"
    assert "a-token" not in "\n".join(say.lines)


@pytest.mark.parametrize(
    "token", ["", "short", "with a blank in it it is", "令牌令牌令牌令牌令牌令牌令牌令牌", "line\nbreak-line-break"]
)
def test_a_token_that_a_header_cannot_carry_is_refused(token):
    with pytest.raises(ServingError, match="at least 16"):
        workflow.checked_token(token)


def test_a_taken_port_is_told_with_its_holder_and_another_port(served):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ServingError, match=rf"taken by .*process \d+.*--port {port + 1}"):
            workflow.serve(None, port=port)
    assert not served


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("203.0.113.1", 8321)])
def test_an_address_that_cannot_be_had_is_a_sentence(host, port):
    with pytest.raises(ServingError):
        workflow.listen(host, port)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("example.org", False),
    ],
)
def test_loopback_is_told_from_the_rest(host, loopback):
    assert workflow.is_loopback(host) is loopback
