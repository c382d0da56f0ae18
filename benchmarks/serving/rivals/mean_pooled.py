"""The very model that Tunewheel serves, as transformers has it: BERT's body, the mean of its tokens, a linear layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, BertConfig, BertModel, BertPreTrainedModel, Pipeline, pipeline
from transformers.modeling_outputs import SequenceClassifierOutput


class MeanPooled(BertPreTrainedModel):  # type: ignore[misc]
    """Its weights come from a folder that `same_weights` wrote."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.classifier = torch.nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: Any = None, **_: Any
    ) -> SequenceClassifierOutput:
        """Logits of each row; padding has no part in the mean."""
        states = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        seen = attention_mask.unsqueeze(-1).to(states.dtype)
        return SequenceClassifierOutput(logits=self.classifier((states * seen).sum(1) / seen.sum(1)))


def loaded(folder: Path) -> Pipeline:
    """`transformers.pipeline` with its defaults: float32, padding to the longest of a batch."""
    model = MeanPooled.from_pretrained(folder).eval()
    return pipeline("text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained(folder))
