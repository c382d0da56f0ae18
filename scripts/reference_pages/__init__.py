"""The pages of docs/reference/, one file a subject; each has a function that gives Markdown."""
