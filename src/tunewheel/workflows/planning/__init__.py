"""Planning: the parts of `plan`, from a few timed steps to what a whole run would take and bring."""
