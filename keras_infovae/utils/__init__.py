"""Layer 0: what every other folder of the package may use."""
