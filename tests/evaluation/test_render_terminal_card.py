"""The short form for the terminal and the model card."""

from __future__ import annotations

import io

import yaml
from rich.console import Console

from tunewheel.evaluation.render.card import card
from tunewheel.evaluation.render.terminal import short
from tunewheel.evaluation.report import Report


def printed(report: Report, path: str = "") -> str:
    console = Console(file=io.StringIO(), width=160, force_terminal=False)
    console.print(short(report, path))
    written = console.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


def carded(report: Report) -> str:
    return card(report, version="reviews-3", licence="apache-2.0", base_model="MiniLM", fingerprints={"test": "ab12"})


def test_the_short_form_has_table_sentence_slice_and_path(report: Report) -> None:
    text = printed(report, "workspace/reports/3.html")
    assert "TF-IDF + linear (floor)" in text
    assert "Better than the best floor (TF-IDF + linear) by 37.5 points of accuracy" in text
    assert "Weakest slice: " in text
    assert "2 test rows are also in training: 87.5 with them, 87.4 without." in text
    assert text.rstrip().endswith("Report: workspace/reports/3.html")


def test_data_can_neither_style_nor_steer_the_terminal(report: Report) -> None:
    text = printed(report, "\x1b[2J[red]x[/red]\x07")
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]x[/red]" in text


def test_the_card_states_facts(report: Report) -> None:
    text = carded(report)
    for fact in (
        "# reviews.csv: reviews-3", "bad, good.", "| Fine-tuned | 87.5 |", "frozen test set of 200 rows",
        "licence of the base model: apache-2.0", "fingerprint of test: `ab12`", "- rows train: 1,000",
        "    task: text_classification", "points below the rest (50 rows)", "- bad is taken for good (25 times).",
    ):  # fmt: skip
        assert fact in text, fact


def test_the_front_matter_is_yaml(evil_report: Report, report: Report) -> None:
    for one in (report, evil_report):
        front = yaml.safe_load(carded(one).split("---\n")[1])
        assert front["base_model"] == "MiniLM"
        assert front["license"] == "apache-2.0"


def test_data_cannot_become_html_or_table_cells_in_the_card(evil_report: Report) -> None:
    body = carded(evil_report).split("---\n", 2)[2].split("The recipe:")[0]
    assert "<script" not in body.replace("\\<script", "")
    assert body.count("\n| ") == 3


def test_a_model_without_a_base_says_so(report: Report) -> None:
    text = card(report, version="1", licence="", base_model="", fingerprints={})
    assert "- base model: none" in text
    assert "base_model" not in text
    assert "icen" not in text.split("---")[1] + text.split("## How it was made")[1]


def test_the_card_says_which_line_it_is_about_and_what_reading_left_out(report: Report) -> None:
    text = carded(report)
    assert "bootstrap intervals over\ntest rows. This one is 'Fine-tuned'." in text
    assert "Left out or mended while reading:\n\n- 2 test rows" in text
