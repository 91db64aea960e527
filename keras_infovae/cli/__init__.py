"""The command `keras-infovae`: one file per subcommand."""
