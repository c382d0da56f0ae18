"""CoNLL: columns in any order, every scheme, documents, comments, and lines without a tag."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tunewheel.data import Table, infer, read

CONLL2003 = """-DOCSTART- -X- -X- O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC
call NN I-NP O
# NN I-NP O

Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER

-DOCSTART- -X- -X- O

Bonn NNP I-NP I-LOC
Berlin NNP B-NP B-LOC
"""
ROWS = [
    {"words": ["EU", "rejects", "German", "call", "#"], "tags": ["B-ORG", "O", "B-MISC", "O", "O"], "document": 1},
    {"words": ["Peter", "Blackburn"], "tags": ["B-PER", "I-PER"], "document": 1},
    {"words": ["Bonn", "Berlin"], "tags": ["B-LOC", "B-LOC"], "document": 2},
]


@pytest.fixture
def table(tmp_path: Path):
    def make(text: str, name: str = "news.conll", encoding: str = "utf-8") -> Table:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return read(path)

    return make


@pytest.mark.parametrize("name", ["news.conll", "train.txt", "eng.testa", "valid", "news.tsv"])
def test_conll_2003_is_read_under_any_name(table, name: str):
    found = table(CONLL2003, name)
    assert found.format == "conll" and list(found.rows()) == ROWS
    assert [found.number(i) for i in range(3)] == [3, 9, 14]
    assert found.notes == [
        "UTF-8 text, spaces between 4 columns: column 1 holds the words, column 4 the tags (IOB1, read as IOB2)"
    ]


# The first sentences of eng.train, as they were published.
ENG_TRAIN = """-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC
call NN I-NP O
to TO I-VP O
boycott VB I-VP O
British JJ I-NP I-MISC
lamb NN I-NP O
. . O O

-DOCSTART- -X- O O

LONDON NNP I-NP I-LOC
1996-08-30 CD I-NP O

Dutch JJ I-NP I-MISC
Japanese JJ I-NP B-MISC
traders NNS I-NP O
"""
EU = ["B-ORG", "O", "B-MISC", "O", "O", "O", "B-MISC", "O", "O"]


def test_the_published_conll_2003_keeps_its_names_and_documents(table):
    found = table(ENG_TRAIN, "eng.train")
    assert found.column("tags") == [EU, ["B-LOC", "O"], ["B-MISC", "B-MISC", "O"]]
    assert found.column("document") == [1, 2, 2] and "(IOB1, read as IOB2)" in found.notes[0]


def test_a_document_may_open_on_a_line_whose_tag_comes_first(table):
    turned = "\n".join(" ".join(reversed(line.split())) for line in ENG_TRAIN.splitlines())
    found = table(turned)
    assert found.column("tags")[0] == EU and found.column("words")[1] == ["LONDON", "1996-08-30"]
    assert found.column("document") == [1, 2, 2] and not found.problems


@pytest.mark.parametrize("types", [("NC", "PC", "VC"), ("SN", "SP", "SV"), ("S.NP", "S.PP", "S.VP")])
def test_phrases_of_other_traditions_are_not_taken_for_names(table, types: tuple[str, str, str]):
    noun, preposition, verb = types
    sentence = f"""Anna Anna NE B-{noun} B-PER
wohnt wohnen VVFIN B-{verb} O
seit seit APPR B-{preposition} O
Mai Mai NN I-{preposition} O
in in APPR B-{preposition} O
Bonn Bonn NE I-{preposition} B-LOC
. . $. O O

"""
    assert table(sentence * 3, "deu.train").row(0)["tags"] == ["B-PER", "O", "O", "O", "O", "B-LOC", "O"]


@pytest.mark.parametrize("seed", range(6))
def test_the_columns_may_stand_in_any_order_with_tabs_or_spaces(table, seed: int):
    order = random.Random(seed).sample(range(4), 4)
    lines = [line.split() for line in CONLL2003.splitlines() if "DOCSTART" not in line and line[:1] != "#"]
    shuffled = "\n".join((" ", "\t")[seed % 2].join(line[place] for place in order) if line else "" for line in lines)
    found = table(shuffled)
    assert found.column("words") == [["EU", "rejects", "German", "call"], *[row["words"] for row in ROWS[1:]]]
    assert found.column("tags")[2] == ["B-LOC", "B-LOC"]


def test_chinese_bmes_of_two_columns_is_read_in_gbk(table):
    text = "王 B-PER\n小 M-PER\n明 E-PER\n在 O\n京 S-LOC\n\n" + "他 O\n很 O\n好 O\n\n" * 5
    found = table(text, "train.char.bmes", "gbk")
    assert found.row(0)["tags"] == ["B-PER", "I-PER", "I-PER", "O", "B-LOC"]
    assert "BMES" in found.notes[0] and found.encoding == "gb18030"


def test_counters_comments_and_a_second_column_of_tags_are_no_words_and_no_tags(table):
    first = "#\thttp://example.org [2009]\n1\tAachen\tB-LOC\tO\n2\tist\tO\tO\n\n"
    text = first + "# n\n1\tBonns\tB-LOC\tO\n2\t\xa0\tO\tB-X\n\n"
    found = table(text, "germeval.tsv")
    assert found.column("words") == [["Aachen", "ist"], ["Bonns", "\xa0"]]
    assert found.column("tags") == [["B-LOC", "O"], ["B-LOC", "O"]]


def test_a_sentence_with_an_untagged_word_is_left_out_by_its_line(table):
    found = table("Anna B-PER\nsleeps O\n\nBen B-PER\nruns\nfast O\n\nBonn B-LOC\n\nAll O\nis O\nwell O\n")
    assert found.column("words") == [["Anna", "sleeps"], ["Bonn"], ["All", "is", "well"]]
    problem = found.problems[0]
    assert problem.where == "news.conll line 5" and "'runs'" in problem.what and "from line 4" in problem.what


def test_a_table_with_tabs_is_not_taken_for_conll(table):
    assert table("text\tlabel\nfine day\tgood\nbad day\tbad\n", "reviews.tsv").format == "tsv"
    assert table("text,label\nO,B-PER\nthe O ring,x\n", "reviews.csv").format == "csv"


def test_documents_become_the_group_when_there_are_enough_of_them(table):
    many = "".join(f"-DOCSTART- O\n\nAnna{i} B-PER\nsings O\n\nin O\nBonn{i} B-LOC\n\n" for i in range(12))
    roles = infer(table(many))
    assert dict(roles.columns) == {"tags": "tags", "words": "words", "group": "document"}
    assert "group" not in infer(table(CONLL2003)).columns
