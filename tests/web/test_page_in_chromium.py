import browser
import pytest
from keyword_task import NamesTask, PictureTask, predictor

pytestmark = pytest.mark.skipif(browser.installed() is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def tab():
    chromium = browser.Browser()
    yield chromium
    chromium.close()


def test_a_person_types_a_text_and_sees_the_answer(server, tab):
    tab.open(f"http://127.0.0.1:{server.port}/")
    tab.run("document.getElementById('text').value = 'a fee, a fee <img src=x onerror=alert(1)>'")
    tab.run("document.getElementById('ask').click()")
    tab.wait("document.querySelector('.verdict strong')")
    assert tab.run("document.querySelector('.verdict strong').textContent") == "fees"
    assert tab.run("[...document.querySelectorAll('.bars .label')].map(e => e.textContent)")[0] == "fees"
    assert tab.complaints == []


def test_entities_are_marked_in_the_right_place_after_an_emoji(start, tab):
    with start(predictor(task=NamesTask())) as server:
        tab.open(f"http://127.0.0.1:{server.port}/?lang=zh")
        tab.run("document.getElementById('text').value = '😀😀 Anna <b>'")
        tab.run("document.getElementById('ask').click()")
        tab.wait("document.querySelector('mark')")
        assert tab.run("document.querySelector('mark').firstChild.data") == "Anna"
        assert tab.run("document.querySelector('.marked').textContent") == "😀😀 AnnaNAME <b>"
        assert tab.complaints == []


def test_a_picture_is_sent_and_answered_and_a_token_is_asked_for(start, tab):
    token = "a-token-of-many-letters"
    with start(predictor(task=PictureTask()), token=token) as server:
        tab.open(f"http://127.0.0.1:{server.port}/")
        assert tab.run("document.getElementById('token-field').hidden") is False
        draw = "(() => { const c = document.createElement('canvas'); c.width = c.height = 60; return c; })()"
        give = f"new Promise(done => {draw}.toBlob(b => {{ take(new File([b], 'a.png')); done(1); }}))"
        tab.run(give)
        tab.wait("document.querySelector('.problems')")
        assert "token" in tab.run("document.querySelector('.problems').textContent")
        tab.run(f"document.getElementById('token').value = '{token}'")
        tab.run("document.getElementById('ask').click()")
        tab.wait("document.querySelector('.verdict strong')")
        assert tab.run("document.querySelector('.verdict strong').textContent") == "cards"


def pressed(tab, button):
    """What the page says once a button under the answer was pressed."""
    tab.run("document.getElementById('said').textContent = ''")
    tab.run(f"document.getElementById('{button}').click()")
    tab.wait("document.getElementById('said').textContent")
    return tab.run("document.getElementById('said').textContent")


@pytest.mark.parametrize(("language", "thanks"), [("en", "Noted, thank you."), ("zh", "已记录，谢谢。")])
def test_a_person_says_that_an_answer_is_right_or_wrong_or_what_it_should_be(start, tab, language, thanks):
    with start() as server:
        tab.open(f"http://127.0.0.1:{server.port}/?lang={language}")
        tab.run("document.getElementById('text').value = 'a fee for my card'")
        tab.run("document.getElementById('ask').click()")
        tab.wait("document.getElementById('send')")
        assert pressed(tab, "right") == pressed(tab, "wrong") == thanks
        tab.run("document.getElementById('send').click()")  # nothing was written: nothing is sent
        tab.run("document.getElementById('should').value = '<b>new</b>'")
        assert pressed(tab, "send") == thanks
        assert "fees" in tab.run("[...document.querySelectorAll('#labels option')].map(e => e.value)")
        assert [(one.kind, one.value) for one in server.journal.said()] == [
            ("thumb", True), ("thumb", False), ("label", "<b>new</b>"),
        ]  # fmt: skip
        assert next(server.journal.said()).row == {"text": "a fee for my card"}
        assert tab.complaints == []


def test_where_nothing_is_kept_nobody_is_asked_whether_it_is_right(start, tab):
    with start(keep=False) as server:
        tab.open(f"http://127.0.0.1:{server.port}/")
        tab.run("document.getElementById('text').value = 'a fee'")
        tab.run("document.getElementById('ask').click()")
        tab.wait("document.querySelector('.verdict strong')")
        assert not tab.run("!!document.querySelector('.correct')")
