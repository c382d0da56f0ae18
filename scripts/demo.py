"""The main job on real data, as a user does it: check, tune, serve, ask. `make demo` runs it.

The data are 4,200 tweets with the mean of about 20 human ratings each, from the source archive of
vaderSentiment 0.5 (MIT licence). They are fetched from the package index by version and hash, and kept in demo-data/.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tunewheel import TunewheelError
from tunewheel.models.archives import extract
from tunewheel.models.packages import Package, fetch

VADER = Package(
    "vaderSentiment",
    "0.5",
    "vaderSentiment-0.5.zip",
    "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a",
)
ARCHIVE = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
RATINGS = "hutto_ICWSM_2014/tweets_GroundTruth.txt"
LARGEST = 20_000_000  # bytes; the archive and the file in it have 2.0 and 0.4 million

DATA = Path("demo-data")
TWEETS = DATA / "tweets.csv"
WORKSPACE = Path("demo-workspace")
TUNEWHEEL = str(Path(sys.executable).with_name("tunewheel"))
QUESTIONS = ["I love how quick and friendly everyone was!", "Two hours in the queue, and then they lost my bag."]
SECONDS = 60.0


class DemoFailed(Exception):
    """A step of the demo went wrong; the message says which."""


def main() -> int:
    """Run the story; the exit code."""
    try:
        fetch_tweets()
        forget(WORKSPACE)
        tunewheel("check", str(TWEETS))
        tunewheel("tune", str(TWEETS), "--text", "text", "--label", "label", "--workspace", str(WORKSPACE))
        with served() as address:
            ask(address)
        print(f"\nThe report: {report_path()}")
    except (TunewheelError, DemoFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        return 130
    return 0


def fetch_tweets() -> None:
    """Write demo-data/tweets.csv, unless it is there."""
    if TWEETS.exists():
        return
    print(f"Fetching {VADER.requirement} (2 MB, once)")
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        archive = extract(fetch(VADER, DATA), ARCHIVE, Path(scratch, "archive.tar.gz"), limit=LARGEST)
        ratings = extract(archive, RATINGS, Path(scratch, "ratings.txt"), limit=LARGEST)
        rows = [line.split("\t", 2) for line in ratings.read_text("utf-8").split("\n") if line]
    unfinished = TWEETS.with_suffix(".partial")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "mean_rating"])
        writer.writerows([text.strip(), label_of(float(mean)), mean] for _, mean, text in rows)
    unfinished.replace(TWEETS)


def label_of(mean: float) -> str:
    """The class of a mean rating between -4 and 4."""
    return "positive" if mean >= 0.5 else "negative" if mean <= -0.5 else "neutral"


def forget(workspace: Path) -> None:
    """Remove the workspace of an earlier demo; a folder that is something else stays."""
    if (workspace / "tunewheel.db").exists():
        shutil.rmtree(workspace)


def tunewheel(*arguments: str) -> None:
    """Run one command and show it as a user would type it."""
    shown = " ".join(arguments)
    print(f"\n$ tunewheel {shown}", flush=True)
    if code := subprocess.run([TUNEWHEEL, *arguments], check=False).returncode:
        raise DemoFailed(f"`tunewheel {shown}` ended with exit code {code}.")


@contextmanager
def served() -> Iterator[str]:
    """The live version behind an address on this machine, stopped gracefully at the end."""
    print(f"\n$ tunewheel serve --workspace {WORKSPACE} --port 0", flush=True)
    command = [TUNEWHEEL, "serve", "--workspace", str(WORKSPACE), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            yield address_of(server)
        finally:
            server.terminate()
            try:
                _, said = server.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                raise DemoFailed("the server did not stop when it was asked to.") from None
    print(said, end="")


def address_of(server: subprocess.Popen[str]) -> str:
    """Where the server says it is, once it takes requests there."""
    assert server.stderr is not None
    address = ""
    for line in server.stderr:
        print(line, end="", flush=True)
        if line.startswith("Serving "):
            address = line.split()[-1]
        if line.startswith("Ctrl+C"):
            break
    else:
        raise DemoFailed("the server did not start.")
    wait_for(f"{address}/ready")
    return address


def wait_for(url: str) -> None:
    """Until the address answers."""
    until = time.monotonic() + SECONDS
    while True:
        try:
            send(url)
            return
        except DemoFailed:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def ask(address: str) -> None:
    """One real request, as `curl` would send it, and its answer."""
    body = json.dumps({"texts": QUESTIONS})
    print(f"\n$ curl {address}/predict -H 'Content-Type: application/json' -d '{body}'")
    print(json.dumps(send(f"{address}/predict", body), indent=2))


def send(url: str, body: str | None = None) -> object:
    """The JSON at an address of this machine; a proxy, if there is one, is not asked."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body.encode() if body else None, headers)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=SECONDS) as response:
            return json.load(response)
    except OSError as error:
        raise DemoFailed(f"no answer from {url}: {error}.") from None


def report_path() -> str:
    """Where the page about the live version lies."""
    command = [TUNEWHEEL, "report", "--workspace", str(WORKSPACE), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoFailed(f"`tunewheel report` ended with exit code {done.returncode}: {done.stderr}")
    return str(json.loads(done.stdout.splitlines()[-1])["report"])


if __name__ == "__main__":
    sys.exit(main())
