"""How a module learns: the loop, its optimisers, schedules and checkpoints; the floors beside it."""
