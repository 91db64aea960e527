"""Makes the presets: trains a recipe of tools/zoo, measures it, and writes the folder.

    python -m tools.make_preset digits_info_vae
    python -m tools.make_preset digits_info_vae --seeds=0,1,2 --output=elsewhere
    python -m tools.make_preset digits_info_vae --check --seeds=3
    python -m tools.make_preset digits_info_vae --card
    python -m tools.make_preset            # lists the names

The weights are those of the first seed, and the numbers of the card those of all, as `report`
measures them. With --check nothing is written but rows of --table: whether a training by another
seed lies where the card says that one more training does. With --card nothing is trained: the card
is made anew of the numbers that are there and the words of the recipe.
"""

import csv
import json
import os
import sys
import tempfile

from absl import app, flags

from keras_infovae.evaluation import plots, texts
from keras_infovae.utils.files import whole_file, write_json
from keras_infovae.zoo import contents
from tools.zoo import training
from tools.zoo.card import card_text, spread
from tools.zoo.recipes import RECIPES

FLAGS = flags.FLAGS
flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds of weights and draws; the first is kept.")
flags.DEFINE_string("output", None, "Where the folder goes. Default: where presets are found.")
flags.DEFINE_bool("check", False, "Compare other seeds with the card instead.")
flags.DEFINE_bool("card", False, "Make the card anew, and train nothing.")
flags.DEFINE_string("table", "tools/zoo/reproduced.csv", "Of --check; rows are added to it.")
flags.DEFINE_string("data", None, "For recipes of files: the path of the data.")

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLUMNS = ("preset", "seed", "number", "value", "mean", "half_width", "within")


def folder_of(name, made):
    """Returns the folder that a preset goes to."""
    if FLAGS.output is not None:
        return os.path.join(FLAGS.output, name)
    parts = ("keras_infovae", "zoo", "presets") if made.in_package else ("presets",)
    return os.path.join(ROOT, *parts, name)


def draw(made, model, data, folder):
    """Returns the paths of the pictures of a model."""
    split = data.held_out()
    x, labels = getattr(data, split), getattr(data, f"{split}_labels")
    given = {"condition": labels} if made.condition else {}
    names = {"feature_names": data.feature_names}
    functions = {
        "samples": lambda path: plots.plot_samples(model, path, x, **names, **given),
        "reconstructions": lambda path: plots.plot_reconstructions(
            model, path, x, **names, **given
        ),
        "latent_space": lambda path: plots.plot_latent_space(model, path, x, labels, **given),
    }
    if texts.is_of_texts(model):
        return []
    paths = {which: os.path.join(folder, f"{which}.png") for which in made.pictures}
    for which, path in paths.items():
        functions[which](path)
    return list(paths.values())


def command_of(name):
    """Returns the command line that makes a preset again, without paths of this machine."""
    given = ["--data=PATH"] if FLAGS.data else []
    return " ".join(
        ["python -m tools.make_preset", name, f"--seeds={','.join(FLAGS.seeds)}", *given]
    )


def words_of(made):
    """Returns what numbers.json says in words."""
    stop = f"stopped after {made.patience} without a lower validation loss"
    return {
        "use": made.use,
        "limitations": list(made.limitations),
        "training": f"At most {made.epochs} epochs in batches of {made.batch_size}, "
        f"{'all of them' if made.patience is None else stop}; one training for each seed.",
    }


def make(name, made):
    """Trains, measures and writes one preset."""
    data = made.load(FLAGS.data)
    found, kept = {}, None
    for seed in FLAGS.seeds:
        model, epochs = training.train(made, int(seed), data)
        numbers = training.numbers_of(made, model, data, epochs)
        print(name, seed, json.dumps(numbers["measured"]), flush=True)
        found[seed] = numbers["measured"]
        kept = kept or (model, numbers)
    model, numbers = kept
    kept = {"about": words_of(made), "seeds": found, "data": numbers["data"]}
    kept |= {"diagnoses": numbers["diagnoses"]}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "numbers.json")
        write_json(path, kept)
        files = [path, *draw(made, model, data, folder)]
        written = model.save_to_preset(
            folder_of(name, made),
            about=made.about,
            data=made.data,
            license=made.license,
            command=command_of(name),
            card=lambda manifest: card_text(manifest, kept),
            files=files,
            overwrite=True,
        )
    print(f"Wrote {written}")


def renew(name, made):
    """Makes the card of a preset anew."""
    folder = folder_of(name, made)
    manifest = contents.read_manifest(folder)
    with open(os.path.join(folder, "numbers.json"), encoding="utf-8") as file:
        kept = json.load(file) | {"about": words_of(made)}
    manifest |= {"about": made.about, "data": made.data, "license": made.license}
    write_json(os.path.join(folder, "numbers.json"), kept)
    manifest["files"] = contents.describe_files(folder, manifest["files"])
    path = os.path.join(folder, contents.CARD)
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(card_text(manifest, kept))
    manifest["files"] = contents.describe_files(folder, manifest["files"])
    write_json(os.path.join(folder, contents.MANIFEST), manifest)


def check(name, made):
    """Adds rows to --table: each number of other seeds, beside where the card puts one more."""
    with open(os.path.join(folder_of(name, made), "numbers.json"), encoding="utf-8") as file:
        known = json.load(file)["seeds"]
    if len(known) < 2:
        sys.exit(
            f"The card of {name} must be of two seeds or more to have a spread; make it first."
        )
    data = made.load(FLAGS.data)
    for seed in FLAGS.seeds:
        if seed in known:
            sys.exit(f"--seeds must be others than those of the card. Received: {seed}")
        model, epochs = training.train(made, int(seed), data)
        found = training.numbers_of(made, model, data, epochs)["measured"]
        rows = []
        for number, value in found.items():
            values = [numbers.get(number) for numbers in known.values()]
            if None in values or len(values) < 2:
                continue
            mean, half = spread(values)
            within = abs(value - mean) <= half * (1 + 1e-6) + 1e-12
            rows.append((name, seed, number, f"{value:.6g}", f"{mean:.6g}", f"{half:.6g}", within))
        add_rows(rows)
        print(name, seed, f"{sum(row[-1] for row in rows)} of {len(rows)} within", flush=True)


def add_rows(rows):
    """Adds rows to --table, which has a header."""
    new = not os.path.exists(FLAGS.table)
    with open(FLAGS.table, "a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *rows] if new else rows)


def main(arguments):
    names = arguments[1:]
    for name in names:
        if name not in RECIPES:
            raise app.UsageError(f"Unknown preset {name}: not one of {', '.join(RECIPES)}")
    if not names:
        print("\n".join(RECIPES))
    for name in names:
        act = renew if FLAGS.card else check if FLAGS.check else make
        act(name, RECIPES[name]())


if __name__ == "__main__":
    app.run(main)
