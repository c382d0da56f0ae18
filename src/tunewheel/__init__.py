"""Tunewheel: from a labelled file to a proved, served, fine-tuned model in one command."""

__version__ = "0.1.0"
