"""The parts of a data set, by name."""

SPLITS = ("train", "validation", "test")  # to learn from, to watch while learning, to judge by
