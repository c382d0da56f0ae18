"""The verbs. Each workflow is one story, told in one function, and is handed the workspace it works in."""
