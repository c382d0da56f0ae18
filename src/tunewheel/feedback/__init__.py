"""Feedback: what came of the answers: kept, corrected, sampled, and what follows from it."""
