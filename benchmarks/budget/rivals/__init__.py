"""The rivals, each a program of its own that is given a contest as a file; some run in environments of their own."""
