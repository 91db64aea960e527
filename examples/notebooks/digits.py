# %% [markdown]
# # Notebook: digits, from codes to odd ones
#
# 1,797 handwritten digits of 8x8 pixels that come with scikit-learn: a model learns codes for
# them, draws new ones, makes them to order, and says which are odd. A minute on one core.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_infovae as ki

keras.utils.set_random_seed(0)
data = ki.datasets.load("digits")
print(data.train.shape, data.validation.shape, data.test.shape)


# %% [markdown]
# ## Train
#
# The defaults suit small images. The loss has three terms, in nats per example; the divergence
# says how far the codes as a whole are from the prior.

# %%
model = ki.InfoVAE(latent_dim=8)
history = model.fit(data.train, validation_data=(data.validation,), epochs=60, verbose=0)
for name, value in model.evaluate(data.test, return_dict=True, verbose=0).items():
    print(f"{name:24}{value:8.2f}")


# %%
def show(rows, names):
    """Draws rows of images below each other."""
    size = (len(rows[0]) * 0.6, len(rows) * 0.9)
    figure, axes = plt.subplots(len(rows), len(rows[0]), figsize=size)
    for name, row, images in zip(names, axes, rows):
        for axis, image in zip(row, images):
            axis.imshow(image[..., 0], cmap="gray_r", vmin=0, vmax=1)
            axis.axis("off")
        row[0].set_title(name, fontsize=8, loc="left")
    figure.tight_layout()
    plt.show()


show([data.test[:10], model.reconstruct(data.test[:10])], ["test digits", "their reconstructions"])

# %% [markdown]
# ## Codes
#
# Digits of one class have codes near each other, although the model was never told the classes.
# Of two digits, the decoder fills in what is between their codes.

# %%
codes = model.encode(data.test)
near = np.linalg.norm(codes[:, None] - codes[None], axis=-1) + np.diag([np.inf] * len(codes))
same = (data.test_labels[near.argmin(axis=1)] == data.test_labels).mean()
print(f"the nearest other code is of the same class: {same:.1f}")

share = np.linspace(0, 1, 10)[:, None]
between = model.decode(codes[0] * (1 - share) + codes[4] * share)
show([between, model.generate(10, seed=0)], ["from one digit to another", "draws from the prior"])

# %% [markdown]
# ## To order
#
# A model that is told the class keeps it out of the codes: they hold the writing.

# %%
keras.utils.set_random_seed(0)
told = ki.InfoVAE(latent_dim=8, condition=ki.conditions.Classes(10))
told.fit(data.train, condition=data.train_labels, epochs=60, verbose=0)
rows = [told.generate(10, condition=digit, seed=1) for digit in (2, 3, 8)]
show(rows, ["twos", "threes", "eights"])

# %% [markdown]
# ## Odd ones
#
# The score is the negative bound on log p(x): the larger, the odder. Noise that no digit has
# stands out most.

# %%
scores = model.score(data.test)
order = scores.argsort()
show([data.test[order[:10]], data.test[order[-10:]]], ["the most usual", "the oddest"])
noisy = np.clip(data.test[:50] + np.random.default_rng(0).normal(0, 0.3, (50, 8, 8, 1)), 0, 1)
print(f"mean score of digits {scores[:50].mean():.0f}, with noise {model.score(noisy).mean():.0f}")

# %% [markdown]
# Next: [is it good?](../tasks/model_good.md), [which model](../models/index.md), [what a
# threshold promises](../anomalies.md).
