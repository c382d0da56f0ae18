"""Contract suites: inherit one, give it a fixture, and pytest says whether your plug-in obeys."""
