# %% [markdown]
# # Notebook: a table, from odd rows to new ones
#
# 178 wines from three growers, 13 measurements each and the grower as a category, as a DataFrame.
# One model says which rows are odd and why, fills in missing values and draws new rows.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn.datasets

import keras_infovae as ki

data = sklearn.datasets.load_wine(as_frame=True)
names = {"od280/od315_of_diluted_wines": "od280_od315"}
wines = data.data.rename(columns=names).assign(grower=pd.Categorical(list("ABC"))[data.target])
wines = wines.sample(frac=1, random_state=0, ignore_index=True)
known, new = wines[:150], wines[150:].reset_index(drop=True)
print(known[["alcohol", "magnesium", "proline", "grower"]].head(3).to_string())

# %% [markdown]
# ## Train
#
# The table is taken as it is: units, categories and holes are the model's business.

# %%
keras.utils.set_random_seed(0)
model = ki.InfoVAE(latent_dim=4)
history = model.fit(known, epochs=200, verbose=0)
print(model.preprocessor)

# %% [markdown]
# ## Odd rows
#
# In row 5 of the new wines a typing error moves the decimal point; row 9 names another grower.
# The score finds the first. The second changes one column only, and in the sum the other 13 hide
# it; what that column adds shows it.

# %%
new.loc[5, "alcohol"] /= 10
new.loc[9, "grower"] = "A" if new.loc[9, "grower"] != "A" else "C"
scores = model.score(new)
print("the oddest row:", scores.argmax())

parts = model.contributions(new)
print("its columns:", parts.loc[5].nlargest(2).round().astype(int).to_dict())
print("the row whose grower is odd:", parts["grower"].idxmax())

# %% [markdown]
# ## Missing values

# %%
whole = wines[150:].reset_index(drop=True)
holes = whole.copy()
holes.loc[:9, "alcohol"] = np.nan
filled = model.impute(holes)
table = pd.DataFrame({"true": whole["alcohol"][:10], "filled in": filled["alcohol"][:10].round(2)})
print(table.T.to_string(header=False))

# %% [markdown]
# ## New rows
#
# Rows that are drawn have the columns' distributions, and what ties columns together.

# %%
drawn = model.generate(500, seed=0, verbose=0)
figure, axes = plt.subplots(1, 2, figsize=(6.5, 2.8), sharex=True, sharey=True)
for axis, frame, title in zip(axes, (wines, drawn), ("178 wines", "500 draws")):
    colors = frame["grower"].map({"A": "C0", "B": "C1", "C": "C2"}).astype(str)
    axis.scatter(frame["flavanoids"], frame["alcohol"], c=colors, s=8)
    axis.set_title(title, fontsize=9)
    axis.set_xlabel("flavanoids")
axes[0].set_ylabel("alcohol")
figure.tight_layout()
plt.show()

# %% [markdown]
# Next: [all that a table may hold](../tables.md), [the same in scikit-learn's
# form](../scikit_learn.md), [is a synthetic table private?](../evaluation.md#synthetic-tables)
