"""Rows: from a labelled file to the training, validation and frozen test rows of a run."""
