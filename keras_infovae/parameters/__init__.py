"""What an argument of a model's constructor may be: words, bounds, and where a search looks.

Annotations of constructors. `register_model` holds a constructor to them; the flags of the command
line and the spaces of searches are read from them. Nothing here imports TensorFlow before a value
is checked, so that a help page does without.
"""

from keras_infovae.parameters.kinds import Choice, Integer, Member, Number, Parameter, Weight

__all__ = ["Choice", "Integer", "Member", "Number", "Parameter", "Weight"]
