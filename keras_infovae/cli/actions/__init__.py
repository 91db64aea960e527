"""What the commands do, once their flags are checked and TensorFlow is imported.

A module for each has `run(command, flags)`: the `Command` and its parsed flags, to an exit status
as of `Command.run`. The others are what these share.
"""
