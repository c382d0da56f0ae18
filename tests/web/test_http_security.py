import pytest

from tunewheel.registry import Token, digest

TOKEN = "a-token-of-many-letters"


@pytest.fixture(scope="module")
def guarded(start):
    with start(token=TOKEN, loopback=False) as started:
        yield started


@pytest.mark.parametrize("path", ["/version", "/metrics", "/docs", "/openapi.json", "/no/such/place"])
def test_nothing_but_the_page_and_the_probes_is_told_without_the_token(guarded, told, path):
    response = guarded.client.get(path)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer TOKEN" in told(response)
    assert "v0001" not in response.text


@pytest.mark.parametrize("path", ["/", "/health", "/ready"])
def test_the_page_and_the_probes_are_open(guarded, path):
    assert guarded.client.get(path).status_code == 200


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer \xe9"]
)
def test_a_wrong_token_is_refused(guarded, given):
    response = guarded.ask({"text": "card"}, headers={"Authorization": given.encode("latin-1")})
    assert response.status_code == 401


def test_two_authorizations_are_refused(guarded):
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer x")]
    assert guarded.ask({"text": "card"}, headers=headers).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_right_token_is_answered(guarded, scheme):
    response = guarded.ask({"text": "card"}, headers={"Authorization": f"{scheme} {TOKEN}"})
    assert response.status_code == 200


def test_a_guarded_server_answers_to_any_name(guarded):
    assert guarded.client.get("/health", headers={"Host": "models.example.org"}).status_code == 200


def test_a_body_is_not_read_before_the_token_is_right(guarded):
    assert guarded.client.post("/predict", content=b"x" * 2_000_000).status_code == 401


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::1", "127.0.0.1@evil.example:1/"],
)
def test_on_loopback_another_name_is_refused(server, told, host):
    response = server.client.get("/health", headers={"Host": host})
    assert response.status_code in (400, 421)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8321", "127.0.0.1:1", "[::1]:8321", "LOCALHOST", "127.0.0.2:8321"]
)
def test_on_loopback_local_names_are_answered(server, host):
    assert server.client.get("/health", headers={"Host": host}).status_code == 200


def test_no_host_at_all_is_refused(server):
    assert server.raw(b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 421")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://", "chrome-extension://abc"]
)
def test_another_web_site_may_not_ask(server, told, origin):
    response = server.ask({"text": "card"}, headers={"Origin": origin})
    assert response.status_code == 403
    assert "web site" in told(response)


def test_the_servers_own_page_may_ask(server):
    own = f"http://127.0.0.1:{server.port}"
    assert server.ask({"text": "card"}, headers={"Origin": own}).status_code == 200


def test_no_other_origin_is_ever_allowed(server):
    response = server.client.options(
        "/predict", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert response.status_code == 403
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/health", "/docs", "/no/such/place"])
def test_every_answer_carries_the_security_headers(server, path):
    headers = server.client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "server" not in headers


def test_refusals_carry_the_security_headers_too(server):
    response = server.client.post("/predict", content=b"x" * 2_000_000, headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("predict", "/predict", 200),
        ("predict", "/version", 200),
        ("predict", "/openapi.json", 200),
        ("predict", "/metrics", 403),
        ("feedback", "/predict", 403),
        ("feedback", "/version", 200),
        ("admin", "/metrics", 200),
        ("admin", "/predict", 200),
    ],
)
def test_a_token_opens_what_its_scope_allows(start, told, scope, path, status):
    with start(tokens=[Token("shop", scope, digest("a-secret"))], loopback=False) as server:
        headers = {"Authorization": "Bearer a-secret"}
        response = (
            server.ask({"text": "card"}, headers=headers)
            if path == "/predict"
            else server.client.get(path, headers=headers)
        )
        assert response.status_code == status
        if status == 403:
            assert f"'shop' may {scope}" in told(response)
