# %% [markdown]
# # Notebook: counts, from codes to odd rows
#
# 600 documents of 2 to 30 sentences, each of one of six topics, as counts of 54 words: whole
# numbers whose totals vary from row to row, as those of genes in cells do. The model is not told
# the topics.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_infovae as ki

rng = np.random.default_rng(0)
sentences = ki.datasets.grammar().sample(12_000, seed=0)
words = sorted({word for text in sentences.texts for word in text.split()})
place = {word: i for i, word in enumerate(words)}
names, of_topic = np.unique(sentences.topics, return_inverse=True)


def document(topic, count):
    rows = rng.choice(np.flatnonzero(of_topic == topic), size=count)
    found = [place[word] for row in rows for word in sentences.texts[row].split()]
    return np.bincount(found, minlength=len(words))


topics = rng.integers(6, size=600)
counts = np.array([document(topic, rng.integers(2, 31)) for topic in topics], "float32")
known, new = counts[:500], counts[500:]
print(counts.shape, "totals from", int(counts.sum(1).min()), "to", int(counts.sum(1).max()))

# %% [markdown]
# ## Train
#
# `library_size="observed"` leaves the total of a row out of what has to be explained: the codes
# tell what a document is about and not how long it is.

# %%
keras.utils.set_random_seed(0)
likelihood = ki.likelihoods.NegativeBinomial(library_size="observed")
model = ki.InfoVAE(latent_dim=3, likelihood=likelihood)
history = model.fit(known, epochs=80, verbose=0)

# %% [markdown]
# ## Codes
#
# Those of new documents too, against the topics that the model has not seen.

# %%
codes = model.encode(new)
scores = ki.evaluation.clustering_scores(model.encode(counts), topics)
print({name: round(float(value), 1) for name, value in scores.items()})

figure, axis = plt.subplots(figsize=(4.2, 3.2))
first, second = np.argsort(-codes.std(axis=0))[:2]  # the two that vary most
for topic, name in enumerate(names):
    chosen = codes[topics[500:] == topic]
    axis.scatter(chosen[:, first], chosen[:, second], s=14, label=name)
axis.set_xlabel(f"z{first}")
axis.set_ylabel(f"z{second}")
axis.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
figure.tight_layout()
plt.show()

# %% [markdown]
# ## Odd rows
#
# A document that is half of one topic and half of another has usual words and a usual total. The
# score is -log p(x) up to a bound, and grows with the number of words: what counts is the score
# among documents of that length.

# %%
mixed = np.array([document(a, 10) + document(b, 10) for a, b in ((0, 3), (1, 4), (2, 5))])
plain = np.array([document(topic, 20) for topic in range(6)])
print("of one topic: ", np.sort(model.score(plain.astype("float32"))).round().astype(int))
print("of two topics:", np.sort(model.score(mixed.astype("float32"))).round().astype(int))

# %% [markdown]
# ## New rows
#
# Draws are whole numbers with a typical total. The words that a draw has most of are of one topic.

# %%
drawn = model.generate(4, seed=1, sample=True)
for row in drawn:
    largest = np.argsort(-row, kind="stable")[:6]
    print(int(row.sum()), "words:", ", ".join(words[i] for i in largest))

# %% [markdown]
# Next: [what training starts from, and which likelihood](../counts.md), [the likelihoods
# compared](../choosing.md), [a threshold for odd rows](../anomalies.md)
