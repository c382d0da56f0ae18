"""A real server process with a slow engine, for tests that stop it: prints its port, then serves until a signal."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from keyword_task import predictor, slow

from tunewheel.serving import Access, Service, ServingOptions
from tunewheel.web import create_app, run
from tunewheel.workflows.serve import listen

options = ServingOptions(drain_seconds=float(sys.argv[2]))
service = Service(predictor(slow(float(sys.argv[1]))), options)
with listen("127.0.0.1", 0) as listener:
    print(listener.getsockname()[1], flush=True)
    run(lambda: create_app(service, options), options, Access(), listener)
print("torch loaded" if "torch" in sys.modules else "stopped", flush=True)
