"""Runs the notebooks, scripts of examples/notebooks, and writes their pages with what they show.

    python tools/notebook_pages.py examples/notebooks/*.py

A script's cells begin with `# %%` (jupytext's percent format); an editor that knows it, or
`jupytext --to notebook`, shows it as a notebook. Its page is docs/notebooks/NAME.md, with the text
and the pictures (NAME_1.png, ...) that the cells gave. Needs the extra `docs`.
"""

import base64
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "notebooks"


def executed(script):
    """Returns the notebook of a script, run by a new kernel in a folder that is thrown away.

    Args:
        script: the path of a script in the percent format.

    Raises:
        nbclient.exceptions.CellExecutionError: where a cell fails.
    """
    import jupytext
    import nbclient

    notebook = jupytext.read(script, fmt="py:percent")
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        client = nbclient.NotebookClient(
            notebook, timeout=900, kernel_name="python3", resources=resources
        )
        client.execute()
    return notebook


def printed(cell):
    """Returns what a cell printed; a kernel hands it over in pieces."""
    pieces = [output.text for output in cell.outputs if output.get("name") == "stdout"]
    return "\n".join(line.rstrip() for line in "".join(pieces).rstrip().splitlines())


def page(notebook, name):
    """Returns the page of a notebook that was run.

    Args:
        notebook: from `executed`.
        name: of the page, and of its pictures.

    Returns:
        (Markdown, {name of a file: bytes of a picture}).
    """
    parts, pictures = [], {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        text = printed(cell)
        if text:
            parts.append(f"```text\n{text}\n```")
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                file = f"{name}_{len(pictures) + 1}.png"
                pictures[file] = base64.b64decode(output.data["image/png"])
                parts.append(f"![what the cell above draws]({file})")
    source = f"examples/notebooks/{name}.py"
    parts.append(f"The script of this page is [{source}](../../{source}).")
    return "\n\n".join(parts) + "\n", pictures


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for script in map(pathlib.Path, sys.argv[1:]):
        text, pictures = page(executed(script), script.stem)
        for old in FOLDER.glob(f"{script.stem}_*.png"):
            old.unlink()
        for file, picture in pictures.items():
            (FOLDER / file).write_bytes(picture)
        (FOLDER / f"{script.stem}.md").write_text(text, encoding="utf-8")
        print(f"Wrote {FOLDER / script.stem}.md with {len(pictures)} pictures")
