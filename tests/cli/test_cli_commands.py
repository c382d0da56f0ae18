"""What each command asks of its workflow and how it tells the answer."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tunewheel.data.doctor import Finding
from tunewheel.errors import ServingError
from tunewheel.evaluation.metrics_entities import entity_scores
from tunewheel.serving.variant import FLOAT, Variant
from tunewheel.workflows.export import Exported
from tunewheel.workflows.say import Silent

SUMMARY = {
    "version": "v0003",
    "task": "text_classification",
    "metric": "accuracy",
    "headline": "better than the best floor by 2.3 points, 95 % interval 1.1 to 3.4",
    "table": [
        {
            "name": "majority [floor]",
            "role": "floor",
            "scores": {"macro_f1": {"value": 0.01}, "accuracy": {"value": 0.013, "low": 0.01, "high": 0.02}},
            "train_seconds": 0.01,
            "predict_seconds": 0.002,
            "size_bytes": 900,
        },
        {
            "name": "fine-tuned",
            "role": "after",
            "scores": {"accuracy": {"value": 0.938, "low": 0.929, "high": 0.946}, "macro_f1": {"value": float("nan")}},
            "train_seconds": 412.0,
            "predict_seconds": 8.0,
            "size_bytes": 87_000_000,
        },
    ],
    "certificate": {"holds": True, "rows": 3080, "same_answers": 3080},
    "seconds": 480.0,
    "peak_memory_mb": 1700,
    "report": "ws/reports/v0003/report.html",
}
RUN = SimpleNamespace(summary=lambda: SUMMARY)


def test_tune_prints_the_table_the_verdict_and_the_report(
    run: Callable[..., Any], workflow: Callable[..., Any]
) -> None:
    workflow("tune", "tune", RUN)
    result = run("tune", "reviews.csv")
    assert result.code == 0
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert lines[0] == "accuracy macro f1 training prediction size"
    assert lines[1] == "majority [floor] 1.3 [1.0, 2.0] 1.0 0.0 s 0.0 s 900 B"
    assert lines[2].startswith("fine-tuned 93.8 [92.9, 94.6]")
    assert lines[2].endswith("6 min 52 s 8.0 s 87.0 MB")
    assert lines[3:] == [
        SUMMARY["headline"],
        "served equals evaluated: yes (3080 of 3080 test rows)",
        "version v0003, 8 min 00 s, 1700 MB at most",
        "report: ws/reports/v0003/report.html",
    ]


def test_tune_with_json_prints_exactly_one_object_on_stdout(
    run: Callable[..., Any], workflow: Callable[..., Any]
) -> None:
    def speak(say: Any, **_: Any) -> Any:
        say.line("reading")
        return RUN

    workflow("tune", "tune", speak)
    result = run("tune", "reviews.csv", "--json")
    said = json.loads(result.out)
    assert len(result.out.splitlines()) == 1
    assert said["table"][1]["scores"]["accuracy"] == {"value": 0.938, "low": 0.929, "high": 0.946}
    assert said["table"][1]["scores"]["macro_f1"]["value"] is None
    assert "reading" in result.err
    assert "fine-tuned" in result.err


def test_tune_ends_with_the_export_when_asked_to_whatever_is_printed(
    run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any
) -> None:
    form = Variant(FLOAT, "text", "accuracy", 100, 99, 0.93, 0.0, -0.01, 0.01, 3.0, 0.5, 90_000_000)
    exported = Exported("v0003", 8.0, [form], FLOAT, {})
    workflow(
        "tune", "tune", SimpleNamespace(summary=lambda: SUMMARY, version=SimpleNamespace(id="v0003", kind="module"))
    )
    calls = workflow("export", "export", exported)
    result = run("tune", "reviews.csv", "--export")
    assert result.code == 0 and "served equals evaluated: yes" in result.out and "Served: onnx-fp32" in result.out
    assert [call["version"] for call in calls] == ["v0003"]
    told = json.loads(run("tune", "reviews.csv", "--export", "--json").out)
    assert told["exported"]["chosen"] == FLOAT and told["certificate"]["holds"]


@pytest.mark.parametrize("why", [ServingError("this body has no graph."), OSError(28, "No space left on device")])
def test_a_run_is_told_though_its_export_fails(
    why: Exception, run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any
) -> None:
    done = SimpleNamespace(summary=lambda: SUMMARY, version=SimpleNamespace(id="v0003", kind="module"))
    workflow("tune", "tune", done)
    workflow("export", "export", why)
    result = run("tune", "reviews.csv", "--export")
    assert result.code == 0 and "served equals evaluated: yes" in result.out
    assert f"v0003 has no faster form: {why}" in result.err
    told = json.loads(run("tune", "reviews.csv", "--export", "--json").out)
    assert "exported" not in told and told["certificate"]["holds"]


def test_a_floor_is_not_exported_and_it_is_said(run: Callable[..., Any], workflow: Callable[..., Any]) -> None:
    workflow(
        "tune", "tune", SimpleNamespace(summary=lambda: SUMMARY, version=SimpleNamespace(id="v0001", kind="floor"))
    )
    calls = workflow("export", "export")
    result = run("tune", "reviews.csv", "--export")
    assert result.code == 0 and not calls and "served as it is" in result.out + result.err


def test_tune_hands_on_what_was_given_and_nothing_else(run: Callable[..., Any], workflow: Callable[..., Any]) -> None:
    calls = workflow("tune", "tune", RUN)
    flags = ["--set", "training.epochs=3", "--set", "seed=1", "--text", "review", "--test", "t.csv", "--seed", "5"]
    run("tune", "reviews.csv", "--recipe", "my.yaml", *flags, "--workspace", "ws", "--resume", "--quiet")
    say = calls[0].pop("say")
    assert isinstance(say, Silent)
    assert calls == [
        {
            "arguments": (Path("reviews.csv"),),
            "recipe": Path("my.yaml"),
            "sets": ["training.epochs=3", "seed=1"],
            "workspace": Path("ws"),
            "resume": True,
            "text": "review",
            "test": Path("t.csv"),
            "seed": 5,
        }
    ]


def test_quiet_leaves_the_result_and_takes_the_rest(run: Callable[..., Any], workflow: Callable[..., Any]) -> None:
    workflow("tune", "tune", RUN)
    assert run("tune", "reviews.csv", "--quiet").err == ""


NOTE = Finding("copies", "note", "2 rows are alike", (3, 9), 2, "tunewheel check reviews.csv --fix clean.csv", fix=True)
ERROR = Finding(
    "label", "error", "2 rows have no label\x1b[31m", (4, 7), 2, "tunewheel check reviews.csv --label COLUMN"
)


def diagnosis(*findings: Finding) -> SimpleNamespace:
    lines = [f"  {f.severity.replace('error', 'ERROR')}: {f.message}\n    -> {f.command}" for f in findings]
    return SimpleNamespace(
        findings=findings,
        errors=[finding for finding in findings if finding.severity == "error"],
        file="reviews.csv",
        profile={"rows": 10},
        summary=lambda: "\n".join(["reviews.csv: 10 rows.", *lines]),
    )


def test_check_exits_2_when_the_file_cannot_be_used(run: Callable[..., Any], workflow: Callable[..., Any]) -> None:
    calls = workflow("check", "check", diagnosis(ERROR, NOTE))
    result = run("check", "reviews.csv", "--label", "stars", "--fix", "clean.csv", "--no-probe")
    assert result.code == 2
    assert result.out.splitlines() == [
        "reviews.csv: 10 rows.",
        "  ERROR: 2 rows have no label\\x1b[31m",
        "    -> tunewheel check reviews.csv --label COLUMN",
        "  note: 2 rows are alike",
        "    -> tunewheel check reviews.csv --fix clean.csv",
    ]
    del calls[0]["say"]
    assert calls == [{"arguments": (Path("reviews.csv"),), "label": "stars", "fix": Path("clean.csv"), "probe": False}]


def test_check_of_a_usable_file_exits_0(run: Callable[..., Any], workflow: Callable[..., Any]) -> None:
    workflow("check", "check", diagnosis(NOTE))
    result = run("check", "reviews.csv", "--json")
    said = json.loads(result.out)
    assert (result.code, said["file"], said["profile"]) == (0, "reviews.csv", {"rows": 10})
    assert said["findings"][0]["rows"] == [3, 9]


def test_check_passes_validation_and_test_files_on(run: Callable[..., Any], workflow: Callable[..., Any]) -> None:
    calls = workflow("check", "check", diagnosis(NOTE))
    assert run("check", "reviews.csv", "--validation", "v.csv", "--test", "t.csv").code == 0
    assert (calls[0]["validation"], calls[0]["test"]) == (Path("v.csv"), Path("t.csv"))


def test_predict_answers_texts(run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any) -> None:
    answers = [
        {"label": "好评", "confidence": 0.97},
        {"labels": ["a", "b"], "confidence": 0.8},
        {"labels": [], "confidence": 0.8},
        {"entities": [{"text": "Ada", "label": "person"}], "confidence": 0.99},
    ]
    calls = workflow("predict", "predict", answers)
    result = run("predict", "one", "two", "x" * 5000, "four", "--version", "v0002")
    assert result.out.splitlines() == ["好评  0.97", "a, b  0.80", "no label  0.80", "Ada (person)  0.99"]
    assert calls == [
        {"arguments": (workspace, ["one", "two", "x" * 5000, "four"]), "version": "v0002", "engine": "auto"}
    ]
    assert json.loads(run("predict", "x" * 5000, "--json").out) == {"answers": answers}


def test_predict_answers_every_row_of_a_file(
    run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any, tmp_path: Path
) -> None:
    (tmp_path / "new.csv").write_text("text\nhello\n")
    written = SimpleNamespace(
        path=Path("new.predictions.csv"), version="v0001", rows=3, failed=1, left_out=["row 9: cut"]
    )
    calls = workflow("predict", "predict_file", written)
    result = run("predict", "new.csv", "--output", "o.csv")
    assert result.out == "new.predictions.csv: 3 rows answered by v0001\n"
    assert result.err.splitlines() == ["1 rows could not be read; see the column 'error'.", "left out: row 9: cut"]
    assert calls[0]["arguments"] == (workspace, Path("new.csv"))
    assert calls[0]["output"] == Path("o.csv")
    assert json.loads(run("predict", "new.csv", "--json").out)["rows"] == 3


def test_a_score_that_leaks_inflate_is_told_with_the_one_to_quote(
    run: Callable[..., Any], workflow: Callable[..., Any]
) -> None:
    leak = {"rows": 20, "score_with": 0.938, "score_without": 0.912}
    workflow("tune", "tune", SimpleNamespace(summary=lambda: {**SUMMARY, "leak": leak}))
    assert (
        "20 test rows are also in training: accuracy 93.8 with them, 91.2 without. Quote the one without.\n"
        in run("tune", "reviews.csv").out
    )
    assert json.loads(run("tune", "reviews.csv", "--json").out)["leak"] == leak


def test_the_table_of_entities_shows_token_accuracy_beside_their_f1(
    run: Callable[..., Any], workflow: Callable[..., Any]
) -> None:
    values = entity_scores([["B-PER", "O"]], [["B-PER", "O"]]).values
    line = {**SUMMARY["table"][0], "scores": {name: {"value": value} for name, value in values.items()}}
    summary = {**SUMMARY, "metric": "entity_f1", "table": [line]}
    workflow("tune", "tune", SimpleNamespace(summary=lambda: summary))
    heading = run("tune", "news.conll").out.splitlines()[0]
    assert " ".join(heading.split()) == "entity f1 token accuracy training prediction size"


def test_serve_stays_on_this_machine_unless_told(
    run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = workflow("serve", "serve")
    monkeypatch.setenv("TUNEWHEEL_TOKEN", "secret-secret-secret")
    assert run("serve").code == 0
    calls[0].pop("say")
    tolerance = calls[0].pop("tolerance")
    assert (tolerance.same, tolerance.lost) == (0.98, 0.005)
    journal = calls[0].pop("journal")
    assert (journal.keep, journal.days, journal.redact) == (1.0, 90, True)
    assert calls == [
        {
            "arguments": (workspace,),
            "tls": None,
            "workers": 0,
            "threads": 0,
            "options": None,
            "version": "live",
            "engine": "auto",
            "host": "127.0.0.1",
            "port": 8321,
            "token": "secret-secret-secret",
        }
    ]


def test_report_shows_how_a_version_was_judged(
    run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any
) -> None:
    calls = workflow("report", "report", RUN)
    assert "report: ws/reports/v0003/report.html" in run("report", "v0003").out
    assert calls == [{"arguments": (workspace,), "version": "v0003"}]
    assert json.loads(run("report", "--json").out)["version"] == "v0003"


def test_versions_are_listed_with_what_is_live(run: Callable[..., Any], workspace: Any) -> None:
    workspace.known[1].status = "refused"
    lines = [" ".join(line.split()) for line in run("versions").out.splitlines()]
    assert lines == [
        "version aliases task score created name",
        "v0001 live text_classification accuracy 93.8 2026-11-23 21:09 reviews",
        "v0002 refused text_classification accuracy 93.8 2026-11-23 21:09 reviews",
    ]
    assert json.loads(run("versions", "--json").out)["aliases"] == {"live": "v0001", "previous": "v0002"}
    workspace.known = []
    assert "tunewheel tune FILE" in run("versions").out


def test_drafts_are_listed_on_demand_and_where_there_is_nothing_else(run: Callable[..., Any], workspace: Any) -> None:
    workspace.known[0].status = "draft"  # but it is live
    workspace.known.append(type(workspace.known[0])("v0003", status="draft"))
    shown = run("versions")
    assert "v0001  " in shown.out and "v0003" not in shown.out and "1 drafts" in shown.err
    assert "v0003" in run("versions", "--drafts").out
    workspace.known = workspace.known[2:]
    assert "v0003" in run("versions").out


def test_promote_and_rollback_say_what_is_live(run: Callable[..., Any], workspace: Any) -> None:
    assert run("promote", "v0002", "--reason", "better on long texts").out == "live: v0002\n"
    assert workspace.reasons == ["better on long texts"]
    assert run("rollback").out == "live: v0001\n"


def test_tasks_and_models_are_listed(run: Callable[..., Any]) -> None:
    assert "text_classification" in run("tasks").out
    assert {task["name"] for task in json.loads(run("tasks", "--json").out)["tasks"]} >= {"text_classification"}
    models = json.loads(run("models", "--json").out)["models"]
    assert all(model["licence"] and model["name"] for model in models)
    assert models[0]["name"] in run("models").out


def test_recipe_show_fills_in_every_setting(run: Callable[..., Any], tmp_path: Path) -> None:
    shown = run("recipe", "show", "--task", "text_classification", "--set", "training.epochs=9").out
    assert "  epochs: 9\n" in shown
    (tmp_path / "my.yaml").write_text(shown)
    assert run("recipe", "show", "my.yaml").out == shown
    assert run("recipe", "check", "my.yaml").out == "my.yaml: no mistakes (text_classification)\n"


def test_recipe_show_alone_shows_the_recipe_of_the_live_version(run: Callable[..., Any], workspace: Any) -> None:
    assert run("recipe", "show").out == "# recipe.yaml of live\n"


def test_recipe_check_numbers_all_mistakes(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("task: text_classification\ntraining:\n  epohcs: 3\n")
    result = run("recipe", "check", "my.yaml", "--set", "seed=x")
    assert result.code == 2
    assert result.err.splitlines() == [
        "error: 2 mistakes",
        "  1. my.yaml:3: training.epohcs: unknown setting (did you mean 'epochs'?).",
        '  2. --set seed: must be a whole number, not "x".',
    ]


def test_the_port_in_the_help_is_the_port_of_the_server(run: Callable[..., Any]) -> None:
    from tunewheel.workflows.serve import DEFAULT_PORT

    assert f"default: {DEFAULT_PORT}" in run("serve", "--help").out


def test_the_folder_in_the_help_is_the_folder_of_the_workspace() -> None:
    from tunewheel.cli.flags import DEFAULT_WORKSPACE
    from tunewheel.workspace import DEFAULT_FOLDER

    assert str(DEFAULT_WORKSPACE) == DEFAULT_FOLDER


def test_version_and_help_are_printed(run: Callable[..., Any]) -> None:
    assert run("--version").out.startswith("tunewheel 0.")
    assert run().out == run("--help").out
    assert "fine-tune" in run("tune", "-h").out.lower()
