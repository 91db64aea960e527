"""The card of a preset: a function of its `preset.json` and its `numbers.json`, and no more.

So that no figure of a card is typed by hand: a test makes each card anew and compares.
"""

import math
import statistics

from scipy import stats

from keras_infovae.zoo import card

PICTURES = {
    "samples": "New examples beside the data's",
    "reconstructions": "Held-out examples and what their codes make of them",
    "latent_space": "Codes of held-out examples",
}


def card_text(manifest, numbers):
    """Returns the text of README.md.

    Args:
        manifest: what preset.json says, of all files but README.md.
        numbers: what numbers.json says.
    """
    name, about = manifest["name"], numbers["about"]
    pictures = [which for which in PICTURES if f"{which}.png" in manifest["files"]]
    data = numbers["data"]
    split = data["measured_split"]
    lines = [
        *card.front_matter(manifest),
        f"# {name}",
        "",
        manifest["about"],
        "",
        "## Use",
        "",
        *card.use(manifest, name),
        "",
        about["use"],
        "",
        "## Limitations",
        "",
        *(f"- {limitation}" for limitation in about["limitations"]),
        "",
        "## Numbers",
        "",
        f"Measured by the report of keras-infovae on the {data[split]:,} examples of the {split} "
        f"split; trained on {data['train']:,}, with {data['validation']:,} for validation.",
        "",
        *_table(numbers),
        "",
        *(
            f"- {one['question']} {one['sentence']} ({one['level']})"
            for one in numbers["diagnoses"]
        ),
        "",
        *(line for which in pictures for line in (f"![{PICTURES[which]}]({which}.png)", "")),
        "## Data",
        "",
        f"{manifest['data']} License: {manifest['license']}.",
        "",
        "## How it was made",
        "",
        f"    {manifest['command']}",
        "",
        about["training"],
        "",
        *card.facts(manifest),
        "",
    ]
    return "\n".join(lines)


def spread(values):
    """Returns (mean, half the width in which one more training should lie with 95 %), or None.

    The prediction interval of normal values: t(0.975, n - 1) s sqrt(1 + 1 / n), of n trainings.
    """
    count = len(values)
    if count < 2:
        return None
    factor = stats.t.ppf(0.975, count - 1) * math.sqrt(1 + 1 / count)
    return statistics.fmean(values), factor * statistics.stdev(values)


def _table(numbers):
    seeds = list(numbers["seeds"])
    chosen, several = seeds[0], len(seeds) > 1
    heads = ["", f"this preset (seed {chosen})"]
    if several:
        heads += [f"mean of seeds {', '.join(seeds)}", "standard deviation", "one more, 95 %"]
    rows = [heads, ["---"] * len(heads)]
    for name, value in numbers["seeds"][chosen].items():
        row = [name, f"{value:.4g}"]
        values = [numbers["seeds"][seed].get(name) for seed in seeds]
        if several and None not in values:
            mean, half = spread(values)
            row += [f"{mean:.4g}", f"{statistics.stdev(values):.2g}"]
            row += [f"{mean - half:.4g} to {mean + half:.4g}"]
        rows.append(row + [""] * (len(heads) - len(row)))
    return [f"| {' | '.join(row)} |" for row in rows]
