"""Plans for tools, from a design to a bitstream: files and commands; running a plan is one function."""
