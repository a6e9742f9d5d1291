"""The report of a design: one page for a person, one file for a program."""
