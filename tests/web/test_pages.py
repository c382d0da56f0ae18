import json
import re
import shlex

import pytest
from keyword_task import KeywordTask, predictor

from tunewheel.web import pages


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr,zh;q=0.3", "zh"),
        ("de", "en"),
        ("zh;q=nonsense", "en"),
        (",;q=,zh", "zh"),
    ],
)
def test_the_language_is_what_the_browser_prefers(header, language):
    assert pages.preferred(header) == language


def test_the_page_speaks_both_languages(server):
    assert "Try it" in server.client.get("/").text
    chinese = server.client.get("/", headers={"Accept-Language": "zh-CN"}).text
    assert "试一试" in chinese and '<html lang="zh">' in chinese
    assert "Try it" in server.client.get("/?lang=en", headers={"Accept-Language": "zh"}).text
    assert "回答一行或多行" in server.client.get("/docs?lang=zh").text


def test_both_languages_have_the_same_words():
    words = json.loads(pages._template("page_text.json"))
    assert words["en"].keys() == words["zh"].keys()


def test_a_page_needs_nothing_from_elsewhere(server):
    for path in ("/", "/docs"):
        page = server.client.get(path).text
        outside = re.findall(r'(?:src|href|url\()\s*=?\s*["\']?(https?:|//)', page)
        assert outside == []


def test_scripts_and_styles_carry_the_nonce_of_the_policy_and_it_changes(server):
    first, second = server.client.get("/"), server.client.get("/")
    nonces = set(re.findall(r'nonce="([^"]+)"', first.text))
    assert len(nonces) == 1
    assert f"script-src 'nonce-{nonces.pop()}'" in first.headers["Content-Security-Policy"]
    assert first.headers["Content-Security-Policy"] != second.headers["Content-Security-Policy"]


class Hostile(KeywordTask):
    name = "<script>alert(1)</script>"
    sample = ({"text": "</script><script>alert('x')</script>"}, {"text": "{{nonce}} it's & <b>"})


def test_what_a_version_says_of_itself_is_escaped(start):
    with start(predictor(task=Hostile(), version='"><img src=x>')) as server:
        for path in ("/", "/docs"):
            page = server.client.get(path).text
            assert "<script>alert" not in page and "<img src=x" not in page
            assert page.count("</script>") == (2 if path == "/" else 0)
        facts = re.search(r'id="facts"[^>]*>(.*?)</script>', server.client.get("/").text, re.DOTALL)
        assert json.loads(facts[1])["sample"] == [row["text"] for row in Hostile.sample]


def test_a_line_for_curl_says_what_was_meant_to_every_shell():
    line = pages.curl("http://h:1", {"text": 'it\'s "me" $HOME `id`'}, needs_token=False)
    words = shlex.split(line)
    assert json.loads(words[-1]) == {"text": 'it\'s "me" $HOME `id`'}
