"""What users would write otherwise: an app around `transformers.pipeline`, and LitServe around the same graph."""
