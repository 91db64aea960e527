"""The table and the picture of what was measured."""

import csv

import results


def write_all(content, folder):
    """Writes results.csv, results.md and results.png to `folder`."""
    settings = content["settings"]
    tables = {
        network: results.summary(found, settings)
        for network, found in content["networks"].items()
        if found["epochs"]
    }
    write_csv(tables, folder / "results.csv")
    (folder / "results.md").write_text(text_of(content, tables), encoding="utf-8")
    draw(content, tables, folder / "results.png")


def columns_of(rows):
    """Returns the names that any of `rows` has, in their order."""
    return list(dict.fromkeys(name for row in rows for name in row))


def write_csv(tables, path):
    """Writes the rows of all networks to one file."""
    rows = [{"network": network, **row} for network, table in tables.items() for row in table]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns_of(rows), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def text_of(content, tables):
    """Returns the tables in Markdown, with what has to be known beside them."""
    settings, lines = content["settings"], []
    machine = ", ".join(f"{name} {value}" for name, value in content["machine"].items())
    lines += [f"{machine}.", ""]
    for network, rows in tables.items():
        found = content["networks"][network]
        columns = columns_of(rows)
        lines += [f"## {network}", "", mark_of(network, columns), ""]
        lines += ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
        lines += ["| " + " | ".join(str(row.get(c, "")) for c in columns) + " |" for row in rows]
        lines += ["", sentence_of_limit(found, settings), sentence_of_others(found), ""]
    return "\n".join(lines).rstrip() + "\n"


def mark_of(network, columns):
    """Returns the comment by which tests/test_page_figures.py holds a table against results.csv."""
    cells = " | ".join(f'"{column}"[{network}]' for column in columns[1:])
    return f"<!-- figures: benchmarks/peers/results.csv by way across network | | {cells} | -->"


def sentence_of_limit(found, settings):
    """Returns what the step costs and what the machine can do, in words."""
    limit = results.limit_of(found, settings)
    if limit is None:
        return "The limit was not measured."
    speeds, step = results.speeds_of(found), found["count_of_step"]
    return (
        f"The limit: {step['operations'] / 1e6:.0f} MFLOP a step at "
        f"{speeds['operations'] / 1e9:.0f} GFLOP/s and {step['bytes'] / 1e6:.1f} MB at "
        f"{speeds['bytes'] / 1e9:.0f} GB/s, {limit:,.0f} images/s."
    )


def sentence_of_others(found):
    """Returns what other processes used, in words."""
    used = [cores for cores in found["others"] if cores is not None]
    if not used:
        return "What other processes used was not known."
    return f"Other processes used up to {max(used):.2f} cores in a round."


def draw(content, tables, path):
    """Draws a bar for each way, with the range of its rounds and the limit."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    height = 1.0 + 0.3 * max(map(len, tables.values()))
    figure, axes = pyplot.subplots(
        1, len(tables), figsize=(6.0 * len(tables), height), squeeze=False
    )
    for axis, (network, rows) in zip(axes[0], tables.items(), strict=True):
        speeds = [row["images/s"] for row in rows]
        below = [row["images/s"] - row["least"] for row in rows]
        above = [row["most"] - row["images/s"] for row in rows]
        colors = ["tab:blue" if row["way"].startswith("fit") else "silver" for row in rows]
        axis.barh([row["way"] for row in rows], speeds, xerr=[below, above], color=colors)
        axis.invert_yaxis()
        limit = results.limit_of(content["networks"][network], content["settings"])
        if limit is not None:
            axis.axvline(limit, color="tab:red", linestyle="--", label="the machine's limit")
            axis.legend(loc="lower right")
        axis.set_title(network)
        axis.set_xlabel("images/s")
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
