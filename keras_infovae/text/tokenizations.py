"""Each kind of token by its name."""

from keras_infovae.text.splitting import KINDS, Characters, Words
from keras_infovae.text.subwords import Subwords

TOKENIZATIONS = dict(zip(KINDS, (Words, Characters, Subwords)))
