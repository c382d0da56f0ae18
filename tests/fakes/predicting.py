"""A process that predicts a file and is killed with `kill -9` while it answers the slab of a given number.

python predicting.py IN OUT ROWS_A_SLAB KILLED_AT_SLAB
"""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from keyword_task import predictor, softmax

from tunewheel.data import read
from tunewheel.workflows import partial_file, predict
from tunewheel.workflows.say import Silent

source, target, rows, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
calls = 0


def engine(batch):
    global calls
    calls += 1
    if calls == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return softmax(batch)


predict.SLAB = rows
partial_file.KEEP_SECONDS = float(sys.argv[5])
predict.predict_table(predictor(engine), read(source), target, Silent())
