"""`predict` and `serve`: a registered version at work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import RequestInvalid, ServingError
from . import flags
from .flags import DEFAULT_WORKSPACE, given


def predict(
    inputs: Annotated[list[str], typer.Argument(help="Texts, or one file with rows.", metavar="TEXT|FILE")],
    version: flags.Version = "live",
    engine: flags.Engine = "auto",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the answers to a file go.", metavar="FILE")
    ] = None,
    text: flags.Text = None,
    format: flags.Format = None,
    encoding: flags.Encoding = None,
    sheet: flags.Sheet = None,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Answer with the live version: for texts, or for every row of a file."""
    from ..workflows import predict as run
    from ..workspace import Workspace
    from . import tables
    from .progress import speaker

    of_a_file = given(output=output, text=text, format=format, encoding=encoding, sheet=sheet)
    path, chosen = path_among(inputs), known_engine(engine)
    if of_a_file and not path:
        named = ", ".join(f"--{name}" for name in of_a_file)
        raise RequestInvalid(f"no file was named, and {named} would say how it is read or written.", mend="Name one.")
    with Workspace.open(workspace, create=False) as opened, speaker(quiet) as say:
        if path:
            written = run.predict_file(opened, path, version=version, engine=chosen, say=say, **of_a_file)
            tables.show_written(written, as_json=as_json)
        else:
            tables.show_answers(run.predict(opened, inputs, version=version, engine=chosen), as_json=as_json)


def serve(
    version: flags.Version = "live",
    engine: flags.Engine = "auto",
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; a token is needed beyond this machine.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="Port to listen on.")] = 8321,
    token: Annotated[
        str | None, typer.Option("--token", envvar="TUNEWHEEL_TOKEN", help="Secret that every request must carry.")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option("--tls-cert", help="Certificate chain for HTTPS, in PEM.", metavar="FILE")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", help="Private key of the certificate, in PEM.", metavar="FILE")
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=0, max=64, help="Processes that answer; 0: by a short measurement.")
    ] = 0,
    threads: Annotated[
        int, typer.Option("--threads", min=0, max=64, help="Cores that each of them uses; 0: what is left to it.")
    ] = 0,
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=0, help="Requests a second of one client; 0: any. Beyond this machine it is 100."),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit", help="Another limit (docs/reference/api.md), such as max_rows=1000.", metavar="NAME=VALUE"
        ),
    ] = None,
    keep: Annotated[
        float, typer.Option("--keep", min=0, max=100, help="Per cent of the answers that the journal keeps.")
    ] = 100.0,
    keep_days: Annotated[
        int, typer.Option("--keep-days", min=1, help="How long it keeps those that nobody said anything of.")
    ] = 90,
    redact: Annotated[bool, typer.Option(help="Blank personal data before anything is kept.")] = True,
    least_same: flags.LeastSame = 98.0,
    most_lost: flags.MostLost = 0.5,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Serve the live version over HTTP, and whichever goes live after it."""
    from ..feedback.options import JournalOptions
    from ..serving import Tls
    from ..serving.variant import Tolerance
    from ..workflows.limits import limits_of
    from ..workflows.serve import serve as run
    from ..workspace import Workspace
    from .progress import speaker

    if (tls_certificate is None) != (tls_key is None):
        raise ServingError("HTTPS needs a certificate and its key.", mend="Give both --tls-cert and --tls-key.")
    tls = Tls(tls_certificate, tls_key) if tls_certificate and tls_key else None
    with Workspace.open(workspace, create=False) as opened, speaker() as say:
        run(
            opened,
            version=version,
            engine=known_engine(engine),
            tolerance=Tolerance(same=least_same / 100, lost=most_lost / 100),
            host=host,
            port=port,
            token=token,
            tls=tls,
            workers=workers,
            threads=threads,
            options=limits_of(host, rate, limit or ()) if limit or rate is not None else None,
            journal=JournalOptions(keep=keep / 100, days=keep_days, redact=redact),
            say=say,
        )


def known_engine(name: str) -> Any:
    """The name, if it is one of an engine. Raises `ServingError`."""
    from ..workflows.load import ENGINES

    if name not in ENGINES:
        raise ServingError(f"there is no engine '{name}'.", where="--engine", mend=f"There are {', '.join(ENGINES)}.")
    return name


def path_among(inputs: Sequence[str]) -> Path | None:
    """The one input, where it names a file or folder, or ends like the name of one: a mistyped name is no text.

    A long text is no path, whatever the system says of it.
    """
    from ..workflows.rows.gather import names_a_file

    path = Path(inputs[0])
    with suppress(OSError, ValueError):
        return path if len(inputs) == 1 and (path.exists() or names_a_file(inputs[0])) else None
    return None
