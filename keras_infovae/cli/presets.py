"""`keras-infovae presets`."""

from keras_infovae.cli.command import Command


class Presets(Command):
    """Lists the presets."""

    name = "presets"
    summary = "lists trained models that come with the package: their names, data, sizes"
    description = """
A preset is a trained model that goes by its name, here digits_info_vae, in Python and for --run:

    import keras_infovae as ki
    model = ki.InfoVAE.from_preset("digits_info_vae")

    keras-infovae generate --run=digits_info_vae --output=digits.png

Those of the place "checkout" are found in a checkout of the repository only; elsewhere give the
path of their folder. Each folder has a card, README.md.
"""
    examples = ("keras-infovae presets",)
    needs_tensorflow = False

    def define_flags(self, flag_set):
        pass

    def run(self, flags):
        from keras_infovae.cli.actions import presets

        return presets.run(self, flags)
