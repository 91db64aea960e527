"""What `keras-infovae presets` does."""

from keras_infovae.zoo import catalog

_COLUMNS = ("name", "model", "shape", "weights", "kilobytes", "place")


def run(command, flags):
    """Prints the table of presets, and what each is."""
    rows = catalog.rows()
    cells = [_COLUMNS, *([str(row[name]) for name in _COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    for row in rows:
        print(f"\n{row['name']}: {row['about'] or 'no description'}")
