import logging
import threading
import time

import pytest
from keyword_task import DOT, NamesTask, PictureTask, predictor, slow
from memory_journal import MemoryJournal

from tunewheel.errors import Busy
from tunewheel.feedback.options import JournalOptions
from tunewheel.records import content_key
from tunewheel.serving import Keeper, Service, keeper


@pytest.fixture
def journal():
    return MemoryJournal()


def served(journal, rows, *, options=None, keep=True, task=None, engine=None):
    """The answers to the rows, once what is to be kept of them is kept."""
    kept = Keeper(journal, options)
    made = predictor(engine, task=task) if engine else predictor(task=task)
    service = Service(made, keeper=kept)
    answers = service.submit(rows, 5, keep=keep).result(5)
    assert service.stop(5) and kept.close(5)
    return answers, kept


def test_every_answer_is_kept_under_its_id_with_its_row_and_its_key(journal):
    answers, kept = served(journal, [{"text": "Where is my card?"}, {"text": "a fee"}])
    found = journal.find(answer["id"] for answer in answers)
    first = found[answers[0]["id"]]
    assert (first.row, first.key, first.answer) == (
        {"text": "Where is my card?"}, content_key("Where is my card?"), "cards",
    )  # fmt: skip
    assert (first.version, first.role, first.confidence) == ("v0001", "live", answers[0]["confidence"])
    assert first.at.endswith("Z") and len(found) == kept.kept == 2 and not kept.dropped


def test_a_client_that_opts_out_leaves_no_trace_of_its_row(journal):
    answers, _ = served(journal, [{"text": "secret card"}], keep=False)
    (kept,) = journal.find([answers[0]["id"]]).values()
    assert (kept.row, kept.key, kept.answer) == ({}, "", "cards")


def test_personal_data_is_blanked_unless_told_otherwise(journal):
    answers, _ = served(journal, [{"text": "card of anna@web.de"}])
    (kept,) = journal.find([answers[0]["id"]]).values()
    assert kept.row == {"text": "card of xxxx@xxx.xx"} and kept.key == content_key("card of anna@web.de")
    answers, _ = served(journal, [{"text": "card of anna@web.de"}], options=JournalOptions(redact=False))
    assert journal.find([answers[0]["id"]])[answers[0]["id"]].row == {"text": "card of anna@web.de"}


def test_only_the_share_that_was_asked_for_is_kept(journal):
    answers, _ = served(journal, [{"text": "card"}] * 200, options=JournalOptions(keep=0.25))
    kept = journal.find(answer["id"] for answer in answers)
    assert 25 <= len(kept) <= 75


def test_words_and_pictures_are_kept_as_plain_json(journal):
    answers, _ = served(journal, [{"words": ["Anna", "ran"]}], task=NamesTask())
    (kept,) = journal.find([answers[0]["id"]]).values()
    assert kept.row == {"words": ["Anna", "ran"]} and kept.answer == [{"start": 0, "end": 4, "label": "NAME"}]
    answers, _ = served(journal, [{"image": DOT}], task=PictureTask())
    assert journal.find([answers[0]["id"]])[answers[0]["id"]].row == {"image": DOT}


def test_what_was_not_answered_is_not_kept(journal):
    def broken(batch):
        raise ValueError("no")

    kept = Keeper(journal)
    service = Service(predictor(broken), keeper=kept)
    with pytest.raises(ValueError):
        service.submit([{"text": "card"}], 5).result(5)
    late = Service(predictor(slow(0.2)), keeper=kept)
    late.submit([{"text": "card"}], 5)
    late.submit([{"text": "card"}], 5).cancel()
    assert service.stop(5) and late.stop(5) and kept.close(5)
    assert journal.counts()["asked"] == 1


def test_many_answers_are_written_together(journal):
    kept = Keeper(journal)
    service = Service(predictor(), keeper=kept)
    for _ in range(20):
        service.submit([{"text": "card"}] * 50, 5).result(5)
    assert service.stop(5) and kept.close(5)
    assert sum(journal.written) == 1_000 and max(journal.written) <= keeper.BATCH_ROWS and len(journal.written) < 12


class Stuck(MemoryJournal):
    """A database that hangs until it is let go."""

    def __init__(self):
        super().__init__()
        self.go, self.begun = threading.Event(), threading.Event()

    def keep(self, asked):
        self.begun.set()
        assert self.go.wait(10)
        return super().keep(asked)


def test_nobody_waits_for_a_database_that_hangs_and_what_is_too_much_is_counted_and_said(caplog):
    journal, told = Stuck(), []
    kept = Keeper(journal, JournalOptions(waiting_rows=10))
    kept.told = lambda name, count: told.append((name, count))
    service = Service(predictor(), keeper=kept)
    service.submit([{"text": "card"}], 5).result(5)
    assert journal.begun.wait(5)
    for _ in range(4):
        service.submit([{"text": "card"}] * 4, 5).result(5)
    assert service.stop(5)
    assert kept.dropped == 8 and told == [("dropped", 4)] * 2
    with caplog.at_level(logging.WARNING):
        journal.go.set()
        assert kept.close(5)
    assert kept.kept == 9 and "8 answers were not kept" in caplog.text


def test_a_database_that_is_away_costs_answers_their_place_in_the_journal_only(caplog):
    journal = MemoryJournal()
    journal.away = Busy("another process holds the database.")
    with caplog.at_level(logging.WARNING):
        answers, kept = served(journal, [{"text": "card"}] * 3)
    assert len(answers) == 3 and (kept.kept, kept.dropped) == (0, 3)
    assert "3 answers were not kept in the journal: another process holds the database." in caplog.text


def test_flushing_writes_what_waits_now(journal, monkeypatch):
    monkeypatch.setattr(keeper, "BATCH_SECONDS", 60.0)
    kept = Keeper(journal)
    service = Service(predictor(), keeper=kept)
    answers = service.submit([{"text": "card"}], 5).result(5)
    assert kept.flush(5)
    assert journal.find([answers[0]["id"]])
    assert service.stop(5) and kept.close(5)


def test_old_answers_are_forgotten_when_a_server_starts(journal):
    from memory_journal import asked, said

    journal.keep([asked("old", at="2020-01-01T00:00:00Z"), asked("spoken of", at="2020-01-01T00:00:00Z")])
    journal.say([said("spoken of", "cards", asked="a-spoken of")])
    kept = Keeper(journal)
    latest = time.monotonic() + 10
    while journal.counts()["asked"] == 2 and time.monotonic() < latest:
        time.sleep(0.02)
    assert [one.id for one in journal.asked()] == ["a-spoken of"]
    assert kept.close(5)
