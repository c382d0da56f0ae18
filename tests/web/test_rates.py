import time

from tunewheel.web.rates import RateLimit


def test_a_quiet_client_may_send_a_burst_and_then_its_rate():
    limit = RateLimit(None, rate=5)
    assert [limit.seconds_to_wait("a", 0.0) for _ in range(10)] == [0.0] * 10
    assert limit.seconds_to_wait("a", 0.0) == 0.2
    assert limit.seconds_to_wait("a", 0.2) == 0.0
    assert limit.seconds_to_wait("a", 0.2) > 0.19


def test_clients_do_not_share_their_rate():
    limit = RateLimit(None, rate=0.5)
    assert limit.seconds_to_wait("a", 0.0) == 0.0
    assert limit.seconds_to_wait("a", 0.0) == 2.0
    assert limit.seconds_to_wait("b", 0.0) == 0.0


def test_a_flood_of_clients_takes_bounded_memory():
    limit = RateLimit(None, rate=1)
    for number in range(20_000):
        limit.seconds_to_wait(str(number), 0.0)
    assert len(limit._buckets) == 10_000


def test_too_many_requests_are_told_when_to_come_back_and_probes_are_not_counted(start, told):
    with start(rate=1) as server:
        answers = [server.ask({"text": "card"}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert int(answers[-1].headers["Retry-After"]) == 1
        assert "1 requests a second" in told(answers[-1])
        assert server.client.get("/health").status_code == 200


def test_who_guesses_tokens_soon_waits_whatever_comes_next_and_others_do_not(start):
    with start(token="a-token-of-some-length", loopback=False, rate=1) as server:
        right = {"Authorization": "Bearer a-token-of-some-length"}
        wrong = [server.ask({"text": "card"}, headers={"Authorization": "Bearer guess"}) for _ in range(4)]
        assert [answer.status_code for answer in wrong] == [401, 401, 401, 429]
        assert int(wrong[-1].headers["Retry-After"]) == 1
        assert server.ask({"text": "card"}, headers=right).status_code == 429
        assert server.client.get("/health").status_code == 200
        time.sleep(1.1)
        assert server.ask({"text": "card"}, headers=right).status_code == 200
