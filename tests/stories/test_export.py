"""A tuned version is exported, shown to answer the same, and served without torch."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tunewheel.errors import ServingError, VersionMissing
from tunewheel.serving.onnx import OnnxEngine
from tunewheel.serving.recalibrate import confidence_errors
from tunewheel.serving.variant import calibrated
from tunewheel.workflows.export import Exported, Tolerance, export
from tunewheel.workflows.load import load
from tunewheel.workflows.rows.frozen import as_example
from tunewheel.workspace import Workspace


@pytest.fixture(scope="module")
def version(tuned) -> str:
    """A fine-tuned version, live or not."""
    with Workspace.open(tuned.workspace) as workspace:
        return next(v.id for v in workspace.versions.list() if v.kind == "module" and v.name == "Fine-tuned")


@pytest.fixture(scope="module")
def exported(tuned, version: str) -> Exported:
    with Workspace.open(tuned.workspace) as workspace:
        return export(workspace, version=version)


def test_each_variant_is_asked_about_every_frozen_row(exported: Exported, tuned) -> None:
    assert [one.name for one in exported.variants] == ["onnx-fp32", "onnx-int8", "onnx-int8-static"]
    plain = exported.variants[0]
    assert plain.rows == plain.same == tuned.run.facts["rows"]["test"]
    assert plain.change == 0 and plain.milliseconds > 0
    assert exported.variants[1].size_bytes < plain.size_bytes


def test_the_chosen_one_answers_as_the_version_does(exported: Exported, tuned, version: str) -> None:
    with Workspace.open(tuned.workspace) as workspace:
        trained, plain = load(workspace, version, "torch"), load(workspace, version, "onnx-fp32")
        rows = [{"text": text} for text in ("where is my card", "an extra charge came twice", "transfer abroad")]
        for one, other in zip(trained.predict(rows), plain.predict(rows), strict=True):
            assert one.value == other.value and one.confidence == pytest.approx(other.confidence, abs=1e-4)


def test_what_the_tolerance_forbids_is_not_served(tuned, version: str, exported: Exported) -> None:
    strict = Tolerance(same=1.0, lost=0.0)
    with Workspace.open(tuned.workspace) as workspace:
        served = load(workspace, version, "auto", strict)
        assert isinstance(served._engine, OnnxEngine), "float32 answers all rows alike"
        with pytest.raises(VersionMissing, match="has no variant"):
            load(workspace, tuned.run.version.id if tuned.run.version.kind == "floor" else "v0001", "openvino")


def test_the_folder_answers_alike_without_tunewheel(tuned, version: str, tmp_path: Path) -> None:
    texts = ["where is my card", "an extra charge came twice", " ".join(["a transfer abroad is still pending"] * 90)]
    with Workspace.open(tuned.workspace) as workspace:
        made = export(workspace, version=version, output=tmp_path / "out", tolerance=Tolerance(same=1.0, lost=0.0))
        expected = load(workspace, version, made.chosen).predict([{"text": text} for text in texts])
    code = f"import json, sys; sys.path[:0] = [{str(tmp_path / 'out')!r}]; import answer; " + (
        "print(json.dumps([[answer.answer(t) for t in json.loads(sys.argv[1])], [m for m in sys.modules]]))"
    )
    asked = [sys.executable, "-c", code, json.dumps(texts)]
    found, modules = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    assert not {"tunewheel", "torch", "transformers"} & set(modules)
    for (label, share), answer in zip(found, expected, strict=True):
        assert label == answer.value and share == pytest.approx(answer.confidence, abs=1e-3)


def test_a_folder_that_is_there_is_not_written_over(tuned, version: str, tmp_path: Path) -> None:
    with Workspace.open(tuned.workspace) as workspace, pytest.raises(ServingError, match="something already"):
        export(workspace, version=version, output=tmp_path, tolerance=Tolerance(same=0.0, lost=1.0))


def test_serving_a_variant_loads_no_torch(tuned, version: str, exported: Exported) -> None:
    code = f"""
import sys
from tunewheel.workflows.load import load
from tunewheel.workspace import Workspace
with Workspace.open({str(tuned.workspace)!r}) as workspace:
    answer = load(workspace, {version!r}, "onnx-int8").predict([{{"text": "where is my card"}}])[0]
print(answer.value, *(name for name in ("torch", "transformers") if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(done.stdout.split()) == 1, done.stdout


def test_a_variant_that_was_changed_is_not_served(tuned, version: str, exported: Exported, tmp_path: Path) -> None:
    from tunewheel.errors import BundleDamaged

    facts = tuned.workspace / "exports" / version / "onnx-int8" / "variant.json"
    kept = facts.read_text()
    try:
        facts.write_text(json.dumps({**json.loads(kept), "same": 10_000}))
        with Workspace.open(tuned.workspace) as workspace, pytest.raises(BundleDamaged):
            load(workspace, version, "auto")
    finally:
        facts.write_text(kept)


def test_a_floor_has_nothing_to_export(tuned, tmp_path: Path, tiny_folder: Path) -> None:
    with Workspace.open(tuned.workspace) as workspace:
        floors = [v.id for v in workspace.versions.list() if v.kind == "floor"]
        if not floors:
            pytest.skip("no floor was registered in this run")
        with pytest.raises(ServingError, match="plain floor"):
            export(workspace, version=floors[0])


def test_the_form_in_eight_bits_has_confidences_of_its_own_and_the_same_answers(tuned, version: str, exported) -> None:
    small = exported.variants[1]
    assert exported.variants[0].temperature is None and small.temperature is not None
    with Workspace.open(tuned.workspace) as workspace:
        test = [as_example(row) for row in workspace.frozen_test("text_classification").rows()]
        held = [as_example(row) for row in workspace.held.of(version)]
        assert not {one.key for one in held} & {one.key for one in test}
        served = load(workspace, version, "onnx-int8")
        trained = load(workspace, version, "torch")
        answers = [served.predict_examples([row])[0] for row in test]  # each alone, as it is judged
        served.task = calibrated(served.task, trained.task.facts["temperature"])
        without = [served.predict_examples([row])[0] for row in test]
    right = served.task.score(answers, test).rows["accuracy"]
    found = confidence_errors(answers, right)
    assert found == {"brier": small.brier, "ece": small.ece}, "the certificate was made with it"
    assert [one.value for one in answers] == [one.value for one in without]
    assert small.brier <= confidence_errors(without, right)["brier"] + 0.002
    assert small.brier_trained == confidence_errors(trained.predict_bulk(test), right)["brier"] or small.share < 1
