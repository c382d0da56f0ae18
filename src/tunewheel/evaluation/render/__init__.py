"""Shows a report: a page for the browser, a short form for the terminal, a model card."""
