# %% [markdown]
# # Notebook: a trained model, from a name to a server
#
# A preset is a trained model that comes with the library. This one knows 8x8 digits.

# %%
import pathlib

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import keras_infovae as ki

table = ki.presets()
print(table.loc["digits_info_vae", ["model", "shape", "place"]].to_dict())

# %%
model = ki.InfoVAE.from_preset("digits_info_vae")
data = ki.datasets.load("digits")  # the split that it was trained with
new = model.generate(24, seed=0)


def show(rows, title):
    figure, axes = plt.subplots(len(rows), 12, figsize=(6.5, 0.62 * len(rows)))
    for axis, picture in zip(axes.ravel(), np.concatenate(rows)):
        axis.imshow(picture[..., 0], cmap="gray", vmin=0, vmax=1)
        axis.axis("off")
    figure.suptitle(title, fontsize=9)
    plt.show()


show([new[:12], new[12:]], "new digits")

# %% [markdown]
# ## Is it good?

# %%
numbers = ki.evaluation.summarize(model, data.test)
print("bound on log p(x), nats:", round(numbers["elbo"]))

# %% [markdown]
# ## Missing values
#
# The lower half of twelve test images is taken away and filled in.

# %%
holes = data.test[:12].copy()
holes[:, 4:] = np.nan
filled = model.impute(holes, seed=0)
show([data.test[:12], np.nan_to_num(holes), filled], "the images, what was left, filled in")

# %% [markdown]
# ## Odd images
#
# A threshold that at most one usual image in twenty exceeds, found on images that the model was not
# trained on.

# %%
ki.evaluation.calibrate_anomaly_threshold(model, data.validation, false_positive_rate=0.05)
print(f"of usual images: {model.is_anomaly(data.test).mean():.2f}")
noise = np.random.default_rng(0).random(data.test.shape).astype("float32")
print(f"of noise: {model.is_anomaly(noise).mean():.2f}")

# %% [markdown]
# ## Train it further
#
# On data of one's own; here on the images that it knows.

# %%
keras.utils.set_random_seed(0)
model.compile(keras.optimizers.Adam(1e-4))
before = model.evaluate(data.test, verbose=0, return_dict=True)["loss"]
history = model.fit(data.train, epochs=3, verbose=0)
after = model.evaluate(data.test, verbose=0, return_dict=True)["loss"]
print(f"loss {before:.0f} before, {after:.0f} after")

# %% [markdown]
# ## A server
#
# The export is what TensorFlow Serving reads, and any process without Keras and without this
# library.

# %%
tf.get_logger().setLevel("WARNING")  # not where each file went
ki.serving.export_for_serving(model, "serving/digits")
print(sorted(path.name for path in pathlib.Path("serving/digits/1").iterdir()))
loaded = tf.saved_model.load("serving/digits/1")
print(sorted(loaded.signatures)[:6])

# %% [markdown]
# Next: [all presets](../presets.md), [requests and clients](../serving.md), [what the numbers
# mean](../evaluation.md), [what a threshold promises](../anomalies.md)
