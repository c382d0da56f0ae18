"""Made-up traffic: sentences of classes with words of their own, in English or Chinese, and a version that answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from tunewheel.feedback.drift import Drift, Profile, look, profile

CLASSES = ("card", "fee", "refund", "transfer")
_SUBJECTS = {
    "card": "card pin chip plastic atm swallowed expired replacement contactless wallet delivery activate",
    "fee": "fee charge cost price percent tariff monthly hidden commission expensive billing statement",
    "refund": "refund money back return cancelled shop merchant reversed dispute receipt goods disappointed",
    "transfer": "transfer bank iban abroad pending recipient payment wire account arrive days swift",
    "loan": "mortgage loan interest lender borrow house instalment collateral debt approve lending repay",
}
_COMMON = (
    "please help me i my the a is was why how can you not yet still since when what with this that again today now"
)
_ELSEWHERE = "umpire wicket innings bowler batsman crease stumps boundary sixer googly pavilion slips duck century over"
_SUBJECTS_ZH = {
    "card": "银行卡密码芯片吞卡过期补办激活钱包寄送塑料",
    "fee": "手续费收费价格月费隐藏佣金昂贵账单明细比例",
    "refund": "退款退货取消商店商户撤销争议收据失望返还",
    "transfer": "转账银行海外到账收款人汇款等待账户天数电汇",
    "loan": "房贷利息借款贷款房子分期抵押债务批准还清",
}
_COMMON_ZH = "请问我的为什么还没有怎么可以今天昨天一直又了吗呢你们帮忙"


@dataclass(frozen=True)
class Rows:
    """Texts and their true labels."""

    texts: list[str]
    labels: list[str]

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(self.texts + other.texts, self.labels + other.labels)


def rows(
    count: int, seed: int, *, shares: Sequence[float] | None = None, classes: Sequence[str] = CLASSES,
    chinese: bool = False, elsewhere: bool = False,
) -> Rows:  # fmt: skip
    """`count` rows of the classes in these shares; `elsewhere`: half of their words are of another field."""
    chance = np.random.default_rng(seed)
    labels = [str(label) for label in chance.choice(classes, count, p=shares)]
    return Rows([_sentence(label, chance, chinese, elsewhere) for label in labels], labels)


def _sentence(label: str, chance: np.random.Generator, chinese: bool, elsewhere: bool) -> str:
    if chinese:
        subject, common = _SUBJECTS_ZH[label], _COMMON_ZH
        parts = [subject[i : i + 2] for i in chance.integers(0, len(subject) - 1, chance.integers(1, 4))]
        return "".join(chance.permutation(parts + list(chance.choice(list(common), chance.integers(3, 9)))))
    own = _ELSEWHERE.split() if elsewhere else _SUBJECTS[label].split()
    words = list(chance.choice(own, chance.integers(1, 4)))
    return " ".join(chance.permutation(words + list(chance.choice(_COMMON.split(), chance.integers(3, 9)))))


@dataclass(frozen=True)
class Version:
    """A version that learnt from 400 rows, and its profile from 400 others."""

    model: Pipeline
    profile: Profile

    def look(self, window: Rows) -> Drift:
        """A look at the window with this version's answers."""
        answers, confidences = answer(self.model, window.texts)
        return look(self.profile, window.texts, answers, confidences)


def version(*, chinese: bool = False, seed: int = 1) -> Version:
    """A logistic regression on characters and words."""
    train, held = rows(400, seed, chinese=chinese), rows(400, seed + 1_000, chinese=chinese)
    kind = {"analyzer": "char", "ngram_range": (1, 2)} if chinese else {}
    model = make_pipeline(TfidfVectorizer(**kind), LogisticRegression(C=10, max_iter=500)).fit(
        train.texts, train.labels
    )
    answers, confidences = answer(model, held.texts)
    return Version(
        model,
        profile(
            held.texts, held.labels, answers, confidences, classes=CLASSES, trained=train.texts,
            trained_labels=train.labels,
        ),
    )  # fmt: skip


def answer(model: Pipeline, texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Answers and confidences (N,)."""
    chances = model.predict_proba(texts)
    return [str(model.classes_[i]) for i in chances.argmax(1)], chances.max(1)
