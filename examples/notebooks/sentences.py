# %% [markdown]
# # Notebook: text, from codes to new sentences
#
# 1,200 sentences of a grammar of 54 words, of which log p(x) is known: what a model can reach at
# best is a number. Each has a topic and a sentiment that the model is not told.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_infovae as ki

grammar = ki.datasets.grammar()
sentences = grammar.sample(1_500, seed=0)
known, new = list(sentences.texts[:1_200]), list(sentences.texts[1_200:])
topics = sentences.topics[1_200:]
for text in known[:3]:
    print(text)

# %% [markdown]
# ## Train
#
# Strings are taken as they are. A strong decoder writes sentences without z, and then codes tell
# nothing; an alpha near 1 lets codes tell more, and words that are hidden from the decoder in
# training (`word_dropout`) make it ask them.

# %%
keras.utils.set_random_seed(0)
networks = ki.networks.Recurrent(units=48, embedding_units=24, word_dropout=0.5)
model = ki.InfoVAE(latent_dim=6, alpha=0.9, encoder=networks, decoder=networks)
model.compile(keras.optimizers.Adam(4e-3))
history = model.fit(known, epochs=40, batch_size=64, verbose=0)
print(model.preprocessor)

# %% [markdown]
# ## Codes
#
# They tell the topic, as a vote of the 15 nearest known codes on that of each new sentence says; a
# guess would be right in one of six.

# %%
z, z_new = model.encode(known), model.encode(new)
nearest = np.argsort(((z_new[:, None] - z[None]) ** 2).sum(-1), axis=1)[:, :15]
names, of_known = np.unique(sentences.topics[:1_200], return_inverse=True)
votes = np.eye(len(names))[of_known][nearest].sum(1).argmax(1)
print(f"topics found: {np.mean(names[votes] == topics):.2f} of all")

figure, axis = plt.subplots(figsize=(4.6, 3.2))
centered = z_new - z_new.mean(0)
flat = centered @ np.linalg.svd(centered, full_matrices=False)[2][:2].T
for name in names:
    axis.scatter(*flat[topics == name].T, s=10, label=name)
axis.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
axis.set_title("codes of new sentences, two directions", fontsize=9)
figure.tight_layout()
plt.show()

# %% [markdown]
# ## New sentences
#
# The grammar says of each draw whether it is a sentence at all.

# %%
drawn = model.generate(200, seed=0)
print("\n".join(drawn[:3]))
right = np.isfinite(grammar.log_prob(drawn))
print(f"sentences of the grammar: {right.mean():.2f} of all")

# %% [markdown]
# ## Odd sentences
#
# The same words in another order.

# %%
rng = np.random.default_rng(0)
shuffled = [" ".join(rng.permutation(text.split())) for text in new[:100]]
usual, odd = model.score(new[:100]), model.score(shuffled)
larger = (odd[:, None] > usual[None]).mean()
print(f"a shuffled sentence has the larger score: {larger:.2f} of all pairs")

# %% [markdown]
# Next: [characters, vocabularies, long texts](../text.md), [codes by short
# chains](../short_run.md), [is it good?](../tasks/model_good.md)
