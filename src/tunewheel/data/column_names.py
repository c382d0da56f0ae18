"""Names that people give to columns, in English and Chinese, and what they tell about a column's role."""

from __future__ import annotations

import re

# What a column says of the part a row belongs to, in lower case.
TRAIN = frozenset(("train", "training", "训练", "训练集"))
VALIDATION = frozenset(("validation", "valid", "val", "dev", "验证", "验证集"))
TEST = frozenset(("test", "testing", "测试", "测试集"))

# Each role's names from the surest to the vaguest; a name within a longer one ("review_text") counts one rank less.
_NAMES: dict[str, tuple[str, ...]] = {
    "text": (
        "text sentence review utterance tweet 文本 正文 句子 评论 内容 评价",
        "content comment message query question post body document description headline title note feedback input "
        "comments reviews sentences texts phrase answer 问题 标题 留言 原文 语句 反馈 描述 对话 短信 新闻 "
        "评论内容 评价内容",
    ),
    "label": (
        "label labels class target gold y 标签 类别 标注",
        "intent intents category categories sentiment topic topics emotion emotions polarity classes "
        "意图 情感 情绪 分类 主题 极性 类型 情感倾向 倾向",
        "rating stars star score type tag tags genre output department 评分 星级 得分 打分",
    ),
    "words": ("tokens words token word 词 字 分词",),
    "tags": ("tags ner_tags ner tag labels label 标注 实体标签",),
    "spans": ("spans entities ents label labels annotations ner 实体", "slots"),
    "image": ("image img picture photo 图片 图像",),
    "id": ("id uuid guid key index idx no nr number 编号 序号 号 unnamed",),
}
_PART = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def part_named(value: object) -> str:
    """The part that a cell of a split column names: "validation" or "test"; whatever else it says, "train"."""
    name = str(value).strip().lower()
    return "validation" if name in VALIDATION else "test" if name in TEST else "train"


def rank(role: str, name: str) -> int | None:
    """How surely a column name tells a role: 0 for "label", more for vaguer names, None when it tells nothing."""
    plain = re.sub(r"[\s_-]+", "_", name.strip().lower())
    groups = [frozenset(names.split()) for names in _NAMES[role]]
    for place, names in enumerate(groups):
        if plain in names:
            return place
    parts = set(_PART.findall(plain))
    for place, names in enumerate(groups):
        if parts & names or any(one in plain for one in names if len(one) > 1 and _HAN.search(one)):
            return place + 1
    return None
