"""Writes the file BUILD anew from the tree and its imports: `make build-file`.

One py_library per folder of the package, one py_test per test file, one py_binary per example;
their deps are the imports. tests/test_build_file.py reads the result by means of its own.
"""

import ast
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = "keras_infovae"
DATA_SUFFIXES = (".csv", ".gz", ".json", ".npz", ".txt")

HEADER = """\
# Written by `make build-file` from the imports; tests/test_build_file.py holds it against them.
# Third-party packages are those of the interpreter's environment (setup.py lists them).

load("@rules_python//python:defs.bzl", LOADED)

package(default_visibility = ["//visibility:public"])
"""


def render(root=ROOT):
    """Returns the text of BUILD for the tree under `root`."""
    root = pathlib.Path(root)
    rules, owners = [], {}  # owners: {file: the label of the library that holds it}
    for folder in _folders(root / PACKAGE):
        rules += _library_rules(root, folder, owners)
    rules += _support_rules(root, owners)
    rules += _example_rules(root, owners)
    rules += [_test_rule(path) for path in _files(root, "tests/**/test_*.py")]
    rules.append(("filegroup", {"name": "repository", "srcs": _repository(root), "testonly": True}))
    for kind, attributes in rules:
        if kind != "filegroup":
            _add_dependencies(root, attributes, owners)
    loaded = sorted({kind for kind, _ in rules} - {"filegroup"})
    header = HEADER.replace("LOADED", ", ".join(f'"{kind}"' for kind in loaded))
    return header + "".join(_format_rule(kind, attributes) for kind, attributes in rules)


def _files(root, pattern):
    return sorted(path.relative_to(root) for path in root.glob(pattern))


def _folders(package):
    return sorted({path.parent for path in package.rglob("*.py")})


def _library_rules(root, folder, owners):
    parts = folder.relative_to(root).parts
    name = "_".join(parts[1:]) or PACKAGE
    files = _files(root, f"{folder.relative_to(root).as_posix()}/*.py")
    everything = {"glob": [f"{'/'.join(parts)}/*.py"], "files": files}
    if not any(path != folder and folder in path.parents for path in _folders(root / PACKAGE)):
        libraries = [(name, everything)]
    else:
        # A folder's sub-packages use its modules and its __init__ uses them: two libraries, or
        # the dependencies would be a circle.
        init = folder.relative_to(root) / "__init__.py"
        others = [path for path in files if path != init]
        libraries = [(name, [init])]
        if others:
            rest = {"glob": everything["glob"], "exclude": [init.as_posix()], "files": others}
            libraries.insert(0, (f"{name}_base", rest))
    for library, sources in libraries:
        for path in sources["files"] if isinstance(sources, dict) else sources:
            owners[path] = f":{library}"
    rules = [("py_library", {"name": library, "srcs": srcs}) for library, srcs in libraries]
    data = _data(root, folder)
    if data:
        rules[0][1]["data"] = {"glob": data}
    return rules


def _data(root, folder):
    """Returns glob patterns of the data files in `folder` and its folders without modules."""
    packages = set(_folders(root / PACKAGE)) - {folder}
    patterns = set()
    for path in folder.rglob("*"):
        if path.suffix in DATA_SUFFIXES and not packages & set(path.parents):
            patterns.add(f"{path.parent.relative_to(root).as_posix()}/*{path.suffix}")
    return sorted(patterns)


def _support_rules(root, owners):
    """Returns the libraries of what tests share: what all run under, and modules they import."""
    shared = [path for path in _files(root, "tests/**/*.py") if not path.stem.startswith("test_")]
    implicit = [path for path in shared if path.stem in ("__init__", "conftest")]
    data = ["pytest.ini"]
    data += [path.as_posix() for path in _files(root, "tests/**/*") if path.suffix in DATA_SUFFIXES]
    named = [("_".join(path.with_suffix("").parts), path) for path in shared]
    rules = [{"name": "tests_support", "srcs": implicit, "data": data, "testonly": True}]
    rules += [
        {"name": name, "srcs": [path], "testonly": True}
        for name, path in named
        if path not in implicit
    ]
    for rule in rules:
        owners.update({path: f":{rule['name']}" for path in rule["srcs"]})
    return [("py_library", rule) for rule in rules]


def _example_rules(root, owners):
    """Returns a program per example, and a library of what those of a folder share, common.py."""
    rules = []
    for path in _files(root, "examples/**/*.py"):
        name = "_".join([*path.parts[1:-1], path.stem])
        if path.stem == "common":
            owners[path] = f":{name}_example"
            rules.insert(0, ("py_library", {"name": f"{name}_example", "srcs": [path]}))
        else:
            rules.append(("py_binary", {"name": f"{name}_example", "srcs": [path], "main": path}))
    return rules


def _test_rule(path):
    folders = path.parts[1:-1]
    name = "_".join([*folders, path.stem.removeprefix("test_"), "test"])
    rule = {
        "name": name,
        "srcs": [path, pathlib.PurePath("tools/run_pytest.py")],
        "args": [path.as_posix()],
        "main": "tools/run_pytest.py",
        "deps": {":tests_support"},
    }
    if not folders:  # a test of the repository as a whole
        rule["data"] = [":repository"]
    return "py_test", rule


def _repository(root):
    folders = ("benchmarks", "docs", "examples", PACKAGE, "tests", "tools")
    files = ("BUILD", "README.md", "setup.py")
    return {
        "list": [name for name in files if name == "BUILD" or (root / name).exists()],
        "glob": [f"{folder}/**" for folder in folders if any((root / folder).rglob("*.*"))],
        "exclude": ["**/*.pyc"],
    }


def _add_dependencies(root, attributes, owners):
    sources = attributes["srcs"]
    deps = set(attributes.pop("deps", ()))
    for source in sources["files"] if isinstance(sources, dict) else sources:
        if (root / source).exists():
            deps |= {owners[path] for path in _imports(root, source) if path in owners}
    deps.discard(f":{attributes['name']}")
    if deps:
        attributes["deps"] = sorted(deps)


def _imports(root, source):
    """Yields the files of this tree that `source` imports, at its top or within functions."""
    for node in ast.walk(ast.parse((root / source).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [(alias.name,) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [(f"{node.module}.{alias.name}", node.module) for alias in node.names]
        else:
            continue
        for candidates in names:  # `from a import b`: the module a.b, or else something in a
            found = [path for name in candidates if (path := _module_file(root, source, name))]
            yield from found[:1]


def _module_file(root, source, name):
    base = pathlib.PurePath(*name.split("."))
    beside = pathlib.PurePath(source).parent / base  # a script's own folder comes first
    for path in (beside.with_suffix(".py"), base.with_suffix(".py"), base / "__init__.py"):
        if (root / path).exists():
            return pathlib.Path(path)
    return None


def _format_rule(kind, attributes):
    order = ("name", "testonly", "srcs", "args", "data", "main", "deps")
    lines = [f"    {key} = {_format(attributes[key])},\n" for key in order if key in attributes]
    return f"\n{kind}(\n{''.join(lines)})\n"


def _format(value, indent="    "):
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (str, pathlib.PurePath)):
        return f'"{pathlib.PurePath(value).as_posix()}"'
    if isinstance(value, (list, tuple)):
        items = [_format(item) for item in value]
        if len(items) < 2:
            return f"[{''.join(items)}]"
        return "[\n" + "".join(f"{indent}    {item},\n" for item in items) + f"{indent}]"
    listed = f"{_format(value['list'])} + " if value.get("list") else ""
    if "exclude" not in value:
        return f"{listed}glob({_format(value['glob'])})"
    inner = indent + "    "
    return (
        f"{listed}glob(\n{inner}{_format(value['glob'], inner)},\n"
        f"{inner}exclude = {_format(value['exclude'], inner)},\n{indent})"
    )


if __name__ == "__main__":
    text = render()
    path = ROOT / "BUILD"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print("BUILD is written anew", file=sys.stderr)
