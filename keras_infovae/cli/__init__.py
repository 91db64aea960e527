"""The command `keras-infovae`: one file per subcommand.

Nothing here imports TensorFlow before the flags of a command are parsed and checked.
"""
