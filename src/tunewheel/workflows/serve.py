"""serve: a version behind an HTTP address until it is told to stop."""

from __future__ import annotations

import importlib
import secrets
import socket
from collections.abc import Sequence
from functools import partial

import psutil

from ..errors import ServingError
from ..feedback.options import JournalOptions
from ..registry import Token, digest
from ..serving import Access, Keyring, ServingOptions, Tls, is_loopback
from ..serving.variant import Tolerance
from ..workspace import Workspace
from .at_work import Job
from .limits import limits_of
from .load import Engine
from .power import Power, power_of
from .say import Say, Silent

DEFAULT_PORT = 8321
SHORTEST_TOKEN = 16
AUDIT = "audit.jsonl"


def serve(
    workspace: Workspace,
    *,
    version: str = "live",
    engine: Engine = "auto",
    tolerance: Tolerance | None = None,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    token: str | None = None,
    tls: Tls | None = None,
    workers: int = 0,
    threads: int = 0,
    options: ServingOptions | None = None,
    journal: JournalOptions | None = None,
    say: Say | None = None,
) -> None:
    """Answer HTTP requests with `version` until SIGTERM or SIGINT; then finish what is in flight and return.

    The `engine` is the fastest exported variant that is near enough, unless one is named (see `load`). When another
    version goes live, it takes over within a second or two. `workers` are processes, `threads` the cores that each of
    them uses; 0 leaves it to a short measurement. What is answered is kept as `journal` says.

    Only programs on this machine can ask unless `host` says otherwise; then a token is needed: one of the workspace's,
    the `token` given, or, when there is none, one that is made and said once. `port` 0 takes any free one.
    Raises `ServingError` when the address or the certificate cannot be used, and what `load` raises.
    """
    say = say or Silent()
    loopback = is_loopback(host)
    options = options or limits_of(host)
    # The web room stands above the workflows, so the application is found by name, as servers do.
    web = importlib.import_module("tunewheel.web")
    with listen(host, port) as listener:  # before the model is loaded: a taken port is said at once
        access = Access(keyring_of(workspace, token, loopback, say), loopback, tls, workspace.path / "logs" / AUDIT)
        web.check_tls(access)
        kept = journal or JournalOptions()
        job = Job(workspace.path, version, engine, threads, options, tolerance or Tolerance(), kept)
        power = power_of(workspace, job, workers)
        job = power.job

        def ready() -> None:
            for line in greeting(power, listener, access):
                say.line(line)

        web.run(partial(web.application, job, access), options, access, listener, workers=power.workers, ready=ready)
    say.line("Stopped; every request in flight was answered or told to ask again.")


def keyring_of(workspace: Workspace, token: str | None, loopback: bool, say: Say) -> Keyring | None:
    """The tokens that open the server; None where only this machine can ask and nobody has made a token."""
    kept: Sequence[Token] = workspace.tokens.list()
    if token is None and not kept:
        token = made_token(loopback, say)
    if token is None:
        return Keyring(kept) if kept else None
    return Keyring(kept, [Token("--token", "admin", digest(checked_token(token)))])


def checked_token(token: str) -> str:
    """The token, if a header can carry it and nobody can guess it. Raises `ServingError`."""
    if len(token) < SHORTEST_TOKEN or not all("!" <= character <= "~" for character in token):
        what = f"a token has at least {SHORTEST_TOKEN} letters, digits or signs and no blanks."
        raise ServingError(what, where="token", mend="Leave it out and one is made for you.")
    return token


def made_token(loopback: bool, say: Say) -> str | None:
    """None where only this machine can ask; otherwise a new token, said once and kept nowhere."""
    if loopback:
        return None
    token = secrets.token_urlsafe(32)
    say.line(f"Token (shown once): {token}")
    return token


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises `ServingError` that says who has it and what to do."""
    if not 0 <= port <= 65_535:  # beyond it the system would quietly take another one
        raise ServingError(f"there is no port {port}.", where=host, mend="Ports go from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServingError(f"this is no address to listen at ({error}).", where=f"{host}:{port}") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from None
    return listener


def _refused(host: str, port: int, error: Exception) -> ServingError:
    where = f"{host}:{port}"
    if holder := _holder(port):
        mend = f"Stop it, or take another port: tunewheel serve --port {port + 1}"
        return ServingError(f"the port is taken by {holder}.", where=where, mend=mend)
    mend = f"Take another: tunewheel serve --port {max(port, 1024) + 1}"
    return ServingError(f"the server cannot listen here ({error}).", where=where, mend=mend)


def _holder(port: int) -> str:
    """Who listens at `port`, as far as this user may know; empty when nobody does or nobody may say."""
    try:
        pids = [c.pid for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port]
        return f"{psutil.Process(pids[0]).name()} (process {pids[0]})" if pids and pids[0] else ""
    except psutil.Error:
        return ""


def greeting(power: Power, listener: socket.socket, access: Access) -> list[str]:
    """What a person needs to know: the address, the version, a line to try, what answers."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    address = f"http{'s' if access.tls else ''}://{shown}:{port}"
    token = ' -H "Authorization: Bearer $TOKEN"' if access.keyring else ""
    body = {"image": '{"image": "BASE64"}'}.get(power.reads, '{"text": "..."}')
    return [
        f"Serving {power.version} ({power.task}) at {address}",
        f"Try it: open {address}/ or",
        f"  curl {address}/predict{token} -H 'Content-Type: application/json' -d '{body}'",
        *power.told,
        kept_line(power.job.journal),
        "Ctrl+C stops it.",
    ]


def kept_line(options: JournalOptions) -> str:
    """What is kept of what is asked, in a sentence."""
    if not options.keep:
        return "Nothing that is asked is kept."
    share = "What is asked" if options.keep == 1 else f"{100 * options.keep:g} % of what is asked"
    blanked = "with personal data blanked" if options.redact else "as it is"
    return f"{share} is kept in the journal for {options.days} days, {blanked}; --keep 0 keeps nothing."
