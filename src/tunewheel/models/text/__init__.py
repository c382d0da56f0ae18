"""Text: tokens in, one vector a token out."""
