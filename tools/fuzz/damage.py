"""Changes of a few bytes of a file."""


def damaged(content, edits):
    """Returns `content` after the edits: (what is done, where as a share of the length, bytes)."""
    for action, where, data in edits:
        at = int(where * len(content))
        if action == "set":
            content = content[:at] + data + content[at + len(data) :]
        elif action == "insert":
            content = content[:at] + data + content[at:]
        elif action == "delete":
            content = content[:at] + content[at + len(data) :]
        elif action == "repeat":
            content = content[:at] + content[at : at + 64 * len(data)] * 3 + content[at:]
        else:
            content = content[:at]
    return content


def writer(kind, name, content, repair):
    """Returns the function that writes a damaged file; a name in a folder gives the folder."""

    def write(folder, edits):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(repair(damaged(content, edits)))
        return path if path.parent == folder else path.parent

    return write
