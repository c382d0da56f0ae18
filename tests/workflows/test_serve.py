import socket

import pytest
from keyword_task import predictor
from listening import Listening

from tunewheel.errors import RecipeError, ServingError
from tunewheel.registry import Token, digest
from tunewheel.workflows import power
from tunewheel.workflows import serve as workflow
from tunewheel.workflows.limits import limits_of
from tunewheel.workspace import Workspace


@pytest.fixture
def served(monkeypatch):
    """What the workflow hands to the web application."""
    handed = {}

    class Web:
        application = staticmethod(lambda job, access: None)
        check_tls = staticmethod(lambda access: handed.update(tls=access.tls))

        @staticmethod
        def run(make, options, access, listener, *, workers, ready):
            handed.update(access=access, options=options, workers=workers, job=make.args[0])
            handed.update(port=listener.getsockname()[1])
            ready()

    monkeypatch.setattr(power, "load", lambda workspace, version, *_: predictor())
    monkeypatch.setattr(workflow.importlib, "import_module", lambda name: Web)
    return handed


@pytest.fixture
def workspace(tmp_path):
    with Workspace.open(tmp_path / "team") as opened:
        yield opened


def test_only_this_machine_can_ask_unless_said_otherwise(served, workspace):
    say = Listening()
    workflow.serve(workspace, port=0, say=say)
    assert (served["access"].keyring, served["access"].loopback, served["options"].rate) == (None, True, 0.0)
    said = "\n".join(say.lines)
    assert f"Serving v0001 (keyword) at http://127.0.0.1:{served['port']}" in said
    assert f"curl http://127.0.0.1:{served['port']}/predict" in said
    assert "One process answers" in said


def test_for_other_machines_a_token_is_made_and_said_once_and_rates_are_bounded(served, workspace):
    say = Listening()
    workflow.serve(workspace, host="0.0.0.0", port=0, say=say)
    assert served["access"].loopback is False and served["options"].rate == 100.0
    (line,) = [line for line in say.lines if line.startswith("Token (shown once): ")]
    assert served["access"].keyring.find(line.split(": ")[1]).scope == "admin"


def test_limits_are_named_and_all_mistakes_in_them_are_told_together():
    made = limits_of("127.0.0.1", limits=["max_rows=1000", "queue_seconds=0.5"])
    assert (made.max_rows, made.queue_seconds, made.rate) == (1000, 0.5, 0.0)
    assert limits_of("0.0.0.0", limits=["max_rows=9"]).rate == 100.0
    assert limits_of("0.0.0.0", 7.5).rate == 7.5
    with pytest.raises(RecipeError) as raised:
        limits_of("127.0.0.1", limits=["max_row=1000", "seconds=-1", "rate", "max_depth=deep", "drain_seconds=.inf"])
    said = str(raised.value)
    for mistake in (
        "--limit max_row: unknown setting (did you mean 'max_rows'?).",
        "--limit seconds: must be",
        "--limit rate: needs the form NAME=VALUE. For example: --limit max_rows=1000",
        "--limit max_depth: must be",
        "--limit drain_seconds: ",
    ):
        assert mistake in said


def test_a_given_token_is_used_and_not_said(served, workspace):
    say = Listening()
    workflow.serve(workspace, port=0, token="a-token-of-many-letters", say=say)
    assert served["access"].keyring.find("a-token-of-many-letters")
    assert "a-token" not in "\n".join(say.lines)


def test_the_tokens_of_the_workspace_close_the_server_everywhere(served, workspace):
    workspace.tokens.add(Token("shop", "predict", digest("secret")))
    say = Listening()
    workflow.serve(workspace, host="0.0.0.0", port=0, say=say)
    assert served["access"].keyring.find("secret").name == "shop"
    assert not [line for line in say.lines if "shown once" in line]
    workflow.serve(workspace, port=0)
    assert served["access"].keyring.find("secret")


def test_https_is_told_in_the_address(served, workspace, tmp_path):
    say, tls = Listening(), workflow.Tls(tmp_path / "c.pem", tmp_path / "k.pem")
    workflow.serve(workspace, port=0, tls=tls, say=say)
    assert served["tls"] == tls
    assert f"https://127.0.0.1:{served['port']}" in "\n".join(say.lines)


def test_workers_and_threads_can_be_named(served, workspace):
    workflow.serve(workspace, port=0, workers=3, threads=2)
    assert (served["workers"], served["job"].threads) == (3, 2)


@pytest.mark.parametrize(
    "token", ["", "short", "with a blank in it it is", "令牌令牌令牌令牌令牌令牌令牌令牌", "line\nbreak-line-break"]
)
def test_a_token_that_a_header_cannot_carry_is_refused(token):
    with pytest.raises(ServingError, match="at least 16"):
        workflow.checked_token(token)


def test_a_taken_port_is_told_with_its_holder_and_another_port(served, workspace):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ServingError, match=rf"taken by .*process \d+.*--port {port + 1}"):
            workflow.serve(workspace, port=port)
    assert not served


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("203.0.113.1", 8321)])
def test_an_address_that_cannot_be_had_is_a_sentence(host, port):
    with pytest.raises(ServingError):
        workflow.listen(host, port)
