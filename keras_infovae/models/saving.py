"""What of a model is saved, and how a saved one goes on as if it had never been."""

import keras

from keras_infovae.models.random_states import random_states
from keras_infovae.utils.serialization import constructor_config, deserialize_values


class SavingMethods:
    """The methods by which Keras saves and restores a model; `LatentVariableModel` extends it."""

    def get_config(self):
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        return constructor_config(self)

    def get_build_config(self):
        """Returns the shape that the model was built for, and what was calibrated since."""
        if self.event_shape is None:
            return None
        config = {"input_shape": [None, *self.event_shape]}
        if self.anomaly_threshold is not None:
            threshold = keras.saving.serialize_keras_object(self.anomaly_threshold)
            config["anomaly_threshold"] = threshold
        return config

    def build_from_config(self, config):
        """Builds the model for the shape that it was saved with."""
        if config is not None:
            self.build(config["input_shape"])
            if "anomaly_threshold" in config:
                self.anomaly_threshold = keras.saving.deserialize_keras_object(
                    config["anomaly_threshold"]
                )

    def get_compile_config(self):
        """Returns the optimizer as a config, for saving."""
        if not self.compiled:
            return {}
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "options": self._compile_options,
        }

    def compile_from_config(self, config):
        """Compiles as the saved model was, and makes the optimizer's variables."""
        optimizer = keras.saving.deserialize_keras_object(config["optimizer"])
        self.compile(optimizer, **config["options"])
        if self.built:
            self.optimizer.build(self.objective_variables)

    def save_own_variables(self, store):
        """Keeps the state of the random draws too, which Keras leaves out."""
        super().save_own_variables(store)
        for name, variable in self._training_state().items():
            store[name] = variable.numpy()

    def load_own_variables(self, store):
        """Restores the draws as well: a training goes on from where it was saved."""
        state = self._training_state()
        for name, variable in state.items():
            if name in store.keys():  # noqa: SIM118, a store is no dictionary
                variable.assign(store[name])
        if "epochs" not in store.keys():  # noqa: SIM118, saved before epochs were counted
            step, steps = self._step.read_value(), self._steps_per_epoch.read_value()
            self._epochs.assign(int(step) // int(steps))
        rest = set(store.keys()) - set(state)
        super().load_own_variables({name: store[name] for name in rest})

    def _training_state(self):
        own = {
            "seeds": self._seeds.state,
            "order_seeds": self._order_seeds.state,
            "order": self._order,
            "step": self._step,
            "steps_per_epoch": self._steps_per_epoch,
            "epochs": self._epochs,
        }
        # The networks first, in whose order files had them when there was nothing else.
        parts = (self.encoder, self.decoder, self.divergence, self)
        named = {id(variable) for variable in own.values()}
        drawn = [state for state in random_states(*parts) if id(state) not in named]
        return own | {f"network_seeds_{index}": state for index, state in enumerate(drawn)}

    @classmethod
    def from_config(cls, config):
        """Returns the model that `get_config` described."""
        return cls(**deserialize_values(config))
