"""What every floor stands on: faults, files, progress, templates, tools, and the one definition of the arithmetic."""
