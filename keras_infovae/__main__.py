"""`python -m keras_infovae`: the command line, as `keras-infovae`."""

from keras_infovae.cli.program import run

if __name__ == "__main__":
    run()
