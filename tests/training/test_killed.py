"""A real process, killed in the middle of training."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from small_training import prepared, steps_of, trained

from tunewheel.training import checkpoints

SCRIPT = Path(__file__).parents[1] / "fakes" / "small_training.py"


def test_training_that_was_killed_goes_on_to_the_same_weights(tiny_folder: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), str(tiny_folder), str(saved)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 7:
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.wait() == -signal.SIGKILL
    found = checkpoints.find(saved)
    assert found is not None
    resumed = prepared(tiny_folder)
    checkpoints.load(resumed, found)
    assert 5 <= resumed.step < steps_of(resumed)
    assert trained(resumed) == trained(prepared(tiny_folder))
