import contextlib
import json
import socket
import time

import httpx
import pytest

from tunewheel.web.limits import deeper_than

JSON = {"Content-Type": "application/json"}


def post(server, content, headers=JSON):
    return server.client.post("/predict", content=content, headers=headers)


def test_a_huge_body_is_refused_by_its_length(server, told):
    response = post(server, b'{"text": "' + b"x" * 1_100_000 + b'"}')
    assert response.status_code == 413
    assert "1,000,000 bytes" in told(response)


def test_a_huge_body_without_a_length_is_refused_while_it_streams(server):
    sent = 0

    def endless():
        nonlocal sent
        for _ in range(10_000):
            sent += 65_536
            yield b"x" * 65_536

    with contextlib.suppress(httpx.TransportError):  # the server may close before the client has finished
        assert post(server, endless()).status_code == 413
    assert sent < 60_000_000


@pytest.mark.parametrize(
    "body", [b"[" * 400_000, b'{"row":' * 100_000, b'{"rows":[' + b'{"a":' * 17 + b"1" + b"}" * 17 + b"]}"]
)
def test_deep_json_is_refused_before_it_is_parsed(server, told, body):
    started = time.monotonic()
    response = post(server, body)
    assert response.status_code == 400
    assert "nested more than 16 deep" in told(response)
    assert time.monotonic() - started < 60  # one that looks back at every byte would take hours


def test_brackets_inside_strings_are_only_text(server):
    assert server.ask({"text": 'card [[[[{{{{"' * 50}).status_code == 200


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 500_000, b'"' * 1_000_000, b"\\" * 1_000_000, b"[]" * 400_000])
def test_measuring_depth_takes_linear_time(body):
    started = time.monotonic()
    assert not deeper_than(body, 16)
    assert time.monotonic() - started < 60  # one that looks back at every byte would take hours


def test_invalid_utf8_is_named_by_its_byte(server, told):
    response = post(server, b'{"text": "caf\xe9"}')
    assert response.status_code == 400
    assert "not UTF-8" in told(response)
    assert "byte 13" in told(response)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b'{"text": "a",}',
        b"{'text': 'a'}",
        b'{"text": "\\ud800"}',
        b'{"text": 1e',
        "\ufeff{}".encode(),
    ],
)
def test_what_is_no_json_is_told_so(server, told, body):
    response = post(server, body)
    assert response.status_code == 400
    assert "not JSON" in told(response)


def test_null_is_no_request(server, told):
    response = post(server, b"null")
    assert response.status_code == 422
    assert told(response)


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        1,
        {},
        {"text": None},
        {"text": 5},
        {"text": ["a"]},
        {"text": ""},
        {"text": "   "},
        {"texts": []},
        {"texts": "abc"},
        {"texts": ["a", 1]},
        {"rows": [{}]},
        {"rows": [[]]},
        {"row": {"text": {"a": 1}}},
        {"row": {"other": "a"}},
        {"text": "a", "texts": ["a"]},
        {"text": "a", "unknown": 1},
        {"image": "QUJD"},
    ],
)
def test_wrong_types_answer_422_with_a_sentence(server, told, body):
    response = server.ask(body)
    assert response.status_code == 422
    assert told(response)


def test_all_mistakes_are_told_together(server):
    where = [e["where"] for e in server.ask({"texts": [1, "fine", None, {}]}).json()["errors"]]
    assert where == ["texts[0]", "texts[2]", "texts[3]"]
    where = [e["where"] for e in server.ask({"texts": ["", "fine", " "]}).json()["errors"]]
    assert where == ["request row 1", "request row 3"]


def test_too_many_rows_and_too_long_texts_are_refused(server, told):
    response = server.ask({"texts": ["a"] * 257})
    assert response.status_code == 413
    assert "257 rows" in told(response)
    response = server.ask({"text": "x" * 100_001})
    assert response.status_code == 422
    assert "100,001 characters" in told(response)


def test_numbers_of_ten_thousand_digits_do_no_harm(server):
    assert post(server, b'{"row": {"text": "card", "n": ' + b"9" * 10_000 + b"}}").status_code in (200, 400, 422)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json; charset=gbk", ""])
def test_only_json_in_utf8_is_read(server, told, kind):
    response = post(server, b'{"text": "card"}', {"Content-Type": kind})
    assert response.status_code == 415
    assert "application/json" in told(response)


def test_compressed_bodies_are_not_read(server):
    assert post(server, b"\x1f\x8b", {**JSON, "Content-Encoding": "gzip"}).status_code == 415


def test_a_charset_of_utf8_is_fine(server):
    body = json.dumps({"text": "我的卡"}, ensure_ascii=False).encode()
    assert post(server, body, {"Content-Type": 'application/json; charset="UTF-8"'}).status_code == 200


def test_a_flood_of_headers_is_refused(server, told):
    response = server.client.get("/health", headers={f"X-{n}": "x" for n in range(100)})
    assert response.status_code == 431
    assert "64 headers" in told(response)
    assert server.client.get("/health", headers={"X": "x" * 20_000}).status_code == 431


def test_an_endless_header_ends_the_connection(server):
    with contextlib.suppress(ConnectionError):
        assert server.raw(b"GET /health HTTP/1.1\r\nX: " + b"x" * 300_000)[:12] in (
            b"HTTP/1.1 400",
            b"HTTP/1.1 431",
            b"",
        )
    assert server.client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "path", ["/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//predict", "/predict/", "/static/app.py", "/docs%00"]
)
def test_path_tricks_find_nothing(server, told, path):
    answer = server.raw(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"root:" not in answer


def test_another_method_is_told_which_ones_there_are(server, told):
    assert server.client.post("/version").status_code == 405
    response = server.client.get("/predict")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert "method" in told(response)


def test_a_body_that_never_ends_is_given_up(start):
    with start(seconds=0.3) as server:
        answer = server.raw(
            b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99\r\n\r\n{"
        )
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: -5",
        b"Content-Length: abc",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    ],
)
def test_ambiguous_lengths_are_refused_or_read_one_way(server, head):
    answer = server.raw(
        b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
        + head
        + b"\r\n\r\n5\r\nab}cd\r\n0\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 400")


def test_bodies_that_come_in_together_hold_only_so_much_memory(start, monkeypatch):
    monkeypatch.setattr("tunewheel.web.limits.AT_ONCE", 1)
    head = (
        b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99000\r\n\r\n"
    )
    with start(max_text_body=100_000) as server:
        with socket.create_connection(("127.0.0.1", server.port), 10) as slow:
            slow.sendall(head + 98_000 * b" ")
            time.sleep(0.3)
            refused = server.ask({"text": "x" * 5_000})
            assert refused.status_code == 503 and "more is being sent than" in refused.text
        time.sleep(0.3)  # it has gone
        assert server.ask({"text": "x" * 5_000}).status_code == 200
