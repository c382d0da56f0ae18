"""The wheel: what a turn does, step by step: settle what is open, learn, ask, draw, and say what to do next."""
