import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

SERVER = Path(__file__).parents[1] / "fakes" / "slow_server.py"


class Process:
    def __init__(self, seconds: float, drain: float) -> None:
        command = [sys.executable, str(SERVER), str(seconds), str(drain)]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.child.stdout.readline())}"
        self.answers: list[httpx.Response | Exception] = []
        while not self._alive():
            time.sleep(0.05)

    def _alive(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", trust_env=False).status_code == 200
        except httpx.ConnectError:
            return False

    def ask(self) -> threading.Thread:
        thread = threading.Thread(target=self._ask)
        thread.start()
        time.sleep(0.3)
        return thread

    def _ask(self) -> None:
        try:
            self.answers.append(httpx.post(f"{self.url}/predict", json={"text": "card"}, timeout=20, trust_env=False))
        except httpx.HTTPError as error:
            self.answers.append(error)


@pytest.fixture
def start_process():
    started = []

    def start(seconds: float, drain: float) -> Process:
        started.append(Process(seconds, drain))
        return started[-1]

    yield start
    for process in started:
        if process.child.poll() is None:
            process.child.kill()
        process.child.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_request_in_flight_finish_and_ends_with_0(start_process, number):
    process = start_process(seconds=0.8, drain=10)
    asking = process.ask()
    process.child.send_signal(number)
    asking.join(10)
    assert process.child.wait(10) == 0
    assert process.answers[0].status_code == 200
    out, err = process.child.communicate()
    assert out == "stopped\n"
    assert "Traceback" not in err
    with pytest.raises(httpx.ConnectError):
        httpx.get(process.url, trust_env=False)


def test_a_drain_takes_a_bounded_time_even_when_a_request_does_not_end(start_process):
    process = start_process(seconds=6, drain=1)
    process.ask()
    started = time.monotonic()
    process.child.send_signal(signal.SIGTERM)
    assert process.child.wait(5) == 0
    assert time.monotonic() - started < 5
