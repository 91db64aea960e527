"""`keras-infovae train`."""

from keras_infovae.cli import (
    data_flags,
    model_flags,
    network_flags,
    output_path,
    register,
    sources,
)
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError

_POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")
_OF_GRADIENTS = ("learning_rate", "clipnorm")
_SECOND_STAGE_EPOCHS = 100  # that of `fit_prior`


class Train(Command):
    """Trains one model on one data set and writes a run directory."""

    name = "train"
    summary = "trains a model on a data set or on your own file, and writes a run directory"
    description = """
The data is split into examples to train on, to watch while training (validation) and to judge the
trained model by (test); the model is trained; its numbers on the test examples are printed with a
word on what is good. The directory given by --output then has

  model.keras    the model, for keras.saving.load_model after `import keras_infovae`
  plots/         pictures: new examples, reconstructions, interpolations, the latent space, history
  metrics.json   the numbers; written last, so that a directory without it is an unfinished run
  history.csv    the losses of each epoch, in nats per example
  logs/          the same for TensorBoard
  config.json    all that it takes to repeat the run

An unfinished run is replaced by the next one, or gone on with where --resume is given; a finished
one is replaced only with --overwrite, and a directory with other files in it never. Ctrl-C stops
the training; model.keras then holds the last epoch that was finished and had finite losses.
"""
    examples = (
        "keras-infovae train --data=digits --output=runs/first",
        "keras-infovae train --data=mine.npz --latent_dim=8 --epochs=100 --output=runs/mine",
        "keras-infovae train --data=mine.npz --resume --output=runs/mine",
        "keras-infovae train --data=large.npy --stream --output=runs/large",
        "keras-infovae train --data=patients.csv --label_column=diagnosis --output=runs/patients",
        "keras-infovae train --data=fashion_mnist --model=beta_vae --beta=2 --output=runs/beta",
        "keras-infovae train --data=digits --second_stage=gaussian_mixture --output=runs/two",
        "keras-infovae train --data=digits --condition=labels --output=runs/by_digit",
    )

    def define_flags(self, flag_set):
        data_flags.define(flag_set, stream=True)
        flag_set.group("Output")
        flag_set.path("output", "DIRECTORY", "The run directory to write.", required=True)
        flag_set.boolean("overwrite", "Replace a finished run.")
        flag_set.boolean(
            "resume",
            "Go on with an unfinished run after the last epoch that it saved, as if it had not "
            "been stopped; begin one where there is none; leave a finished one as it is.",
        )
        flag_set.boolean("plots", "Draw the pictures.", default=True)
        model_flags.define(flag_set)
        network_flags.define(flag_set)
        flag_set.group("Training")
        flag_set.integer(
            "epochs",
            "PASSES",
            "Passes over the training examples, at most.",
            shown=sources.read("keras_infovae.training.length", "EPOCHS_IN_WORDS"),
        )
        flag_set.integer(
            "early_stopping",
            "EPOCHS",
            "Stop when the loss on validation examples has not become lower for so many epochs, "
            "and keep the weights of the epoch where it was lowest. 0: never, and the last epoch "
            "is kept; as it is without validation examples, and where the losses of two epochs are "
            "not alike: with a critic, or a weight on a schedule.",
            minimum=0,
            shown=sources.read("keras_infovae.training.length", "PATIENCE_IN_WORDS"),
        )
        flag_set.choice(
            "second_stage",
            sources.read("keras_infovae.models.two_stage_model", "SECOND_STAGES"),
            "After the training, learn p(z) anew on the codes, and leave all else as it is: what "
            "is new is then drawn from it (docs/energy_priors.md).",
            shown="none",
        )
        flag_set.integer(
            "second_stage_epochs",
            "PASSES",
            "Passes over the codes for --second_stage.",
            shown=str(_SECOND_STAGE_EPOCHS),
        )
        flag_set.integer("batch_size", "EXAMPLES", "Per step, at least 2.", minimum=2, default=64)
        flag_set.number("learning_rate", "RATE", "Of Adam.", default=0.001, exclusive_minimum=0)
        flag_set.number(
            "clipnorm",
            "NORM",
            "Shorten gradients of each weight that are longer; 1 helps when losses become NaN.",
            shown="no clipping",
            exclusive_minimum=0,
        )
        flag_set.integer(
            "seed",
            "INTEGER",
            "Of splits, weights, order and draws. Same seed, same machine: same numbers.",
            minimum=0,
            default=0,
        )
        flag_set.boolean(
            "deterministic",
            "Compute in an order that is always the same, more slowly: same seed, same machine, "
            "same bits.",
        )
        flag_set.boolean(
            "jit_compile", "Compile by XLA.", default=None, shown="on where it is faster"
        )
        flag_set.choice(
            "strategy",
            sources.read("keras_infovae.training.strategies", "STRATEGIES"),
            "The devices to train on. --batch_size is that of all together, and the numbers are "
            "those of one. mirrored: all GPUs of this machine; multi_worker: all machines in the "
            "variable TF_CONFIG, of which worker 0 writes the run; auto: all there are.",
            default="auto",
        )
        flag_set.interval(
            "profile",
            "FIRST,LAST",
            "Record what the devices do from step FIRST to step LAST, counted from 1 over all "
            "epochs, for TensorBoard's profile page. The first steps compile: 10,20 is a choice.",
            shown="nothing is recorded",
        )
        flag_set.choice(
            "dtype_policy",
            _POLICIES,
            "What the networks compute in; losses are in float32 always. The mixed ones are faster "
            "on GPUs, and mixed_bfloat16 rarely overflows.",
            default="float32",
        )

    def check(self, flags):
        model_flags.settings(flags)
        _check(flags)
        data_flags.check(flags)
        output_path.check_directory(flags.output)

    def run(self, flags):
        from keras_infovae.cli.actions import train

        return train.run(self, flags)


def _check(flags):
    """Raises CommandLineError for flags that contradict each other."""
    if flags.resume and flags.overwrite:
        raise CommandLineError(
            "Argument `--overwrite` must be left out with --resume, which goes on with an "
            "unfinished run and leaves a finished one as it is. Received: --overwrite --resume"
        )
    if flags.stream and flags.condition not in (None, data_flags.LABELS):
        raise CommandLineError(
            f"Argument `--condition` must be {data_flags.LABELS} with --stream, for a folder of "
            f"images. Received: --condition={flags.condition}"
        )
    if flags.second_stage_epochs is not None and flags.second_stage is None:
        raise CommandLineError(
            "Argument `--second_stage_epochs` must be left out without --second_stage. Received: "
            f"--second_stage_epochs={flags.second_stage_epochs}"
        )
    if flags.second_stage is not None and flags.second_stage_epochs is None:
        flags["second_stage_epochs"].value = _SECOND_STAGE_EPOCHS
    if flags.early_stopping and not flags.validation_fraction:
        raise CommandLineError(
            "Argument `--early_stopping` must be left out where no validation examples are held "
            f"out. Received: --early_stopping={flags.early_stopping} --validation_fraction=0"
        )
    if not register.members()[flags.model].trains_by_gradients:
        for name in _OF_GRADIENTS:
            if flags[name].present:
                raise CommandLineError(
                    f"Argument `--{name}` must be left out for --model={flags.model}, which does "
                    f"not train by gradients. Received: --{name}={getattr(flags, name)}"
                )
            flags[name].value = None  # for config.json
