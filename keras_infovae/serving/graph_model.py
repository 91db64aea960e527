"""A SavedModel in TensorFlow's graph loader, which TensorFlow Serving uses too."""

import tensorflow as tf


class GraphModel:
    """A loaded model, whose signatures may be run from several threads at once.

    Args:
        directory: of a SavedModel.

    Attributes:
        signatures: {name: SignatureDef}.

    Raises:
        Whatever TensorFlow raises for a model that does not load.
    """

    def __init__(self, directory):
        with tf.Graph().as_default() as graph:
            self._session = tf.compat.v1.Session(graph=graph)
            try:
                loaded = tf.compat.v1.saved_model.load(self._session, ["serve"], directory)
            except BaseException:
                self.close()
                raise
        # Those with a leading "__" are the loader's own, such as its initialization.
        self.signatures = {
            name: definition
            for name, definition in loaded.signature_def.items()
            if not name.startswith("__")
        }
        self._fetches = {
            name: {key: info.name for key, info in definition.outputs.items()}
            for name, definition in self.signatures.items()
        }

    def run(self, name, inputs):
        """Returns {output: array} of the signature `name` for {input: array or list of bytes}."""
        feeds = {self.signatures[name].inputs[key].name: value for key, value in inputs.items()}
        return self._session.run(self._fetches[name], feeds)

    def close(self):
        """Frees the weights; what still runs is cancelled."""
        self._session.close()
