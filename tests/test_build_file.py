"""BUILD says what the imports say, and the imports keep to the layers of docs/architecture.md.

Python and BUILD (Starlark parses as Python) are both read with `ast`; nothing of them is run.
"""

import ast
import functools
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = "keras_infovae"

# These use the methods of the model they are given, never its class.
METHODS_ONLY = ("callbacks", "evaluation", "serving")
# All else is slow to import, or used by one feature only: imported by the function that uses it,
AT_THE_TOP = {"absl", "keras", "numpy", "tensorflow", *sys.stdlib_module_names}
# or by one of these modules, which functions import in its stead. The server is its own process.
# `.` stands for the dots of a name and for the slashes of a path.
DEFERRED = re.compile(
    r"keras_infovae.(serving.(client.(grpc|rest)_transport|portable.onnx_ops|server)"
    r"|scikit_learn.(base|density_estimator|frames|latent_transformer|outlier_detector)"
    r"|tuning.(oracles|trial_tuner))\b"
)
IMPORTERS = ("import_module", "import_optional", "__import__")
# What is imported from beside the package; each example holds the module `common`.
BESIDE = {"tests": {":tests_support"}, "tools": {":tests_support"}, "common": set()}


def read_tree():
    """Returns {path: text}, which all below is a function of."""
    folders = (PACKAGE, "examples", "tests", "tools")
    paths = [path for name in folders for path in (ROOT / name).rglob("[!.]*") if path.is_file()]
    paths = [path for path in paths if path.suffix != ".pyc"]
    paths += [ROOT / "BUILD", ROOT / "docs/architecture.md"]
    return {p.relative_to(ROOT).as_posix(): p.read_text("utf-8", "replace") for p in paths}


def layers(tree):
    """Returns {folder: layer} of the table in docs/architecture.md."""
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", tree["docs/architecture.md"], re.MULTILINE)
    return {name: int(layer) for layer, names in rows for name in re.findall(r"`(\w+)`", names)}


def matching(tree, *patterns):
    """Returns the files that patterns of Bazel's glob match."""
    allowed = re.escape("|".join(patterns)).replace(r"\|", "|").replace(r"\*\*/", "(.*/)?")
    allowed = allowed.replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return sorted(file for file in tree if re.fullmatch(allowed, file))


def build_statements(tree):
    """Yields the rule and the targets of each statement of BUILD; a comprehension has many."""
    for statement in ast.parse(tree["BUILD"]).body:
        call, variables = statement.value, [{}]
        if isinstance(call, ast.ListComp):
            [loop] = call.generators
            variables = [{loop.target.id: file} for file in _value(loop.iter, tree, {})]
            call = call.elt
        if isinstance(call, ast.Call) and call.func.id in ("py_library", "py_binary", "py_test"):
            given = [{k.arg: _value(k.value, tree, v) for k in call.keywords} for v in variables]
            yield call.func.id, [{"data": [], "deps": [], **attributes} for attributes in given]


def _value(node, tree, variables):
    match node:
        case ast.Name(id=name):
            return variables[name]
        case ast.List(elts=items):
            return [_value(item, tree, variables) for item in items]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(left, tree, variables) + _value(right, tree, variables)
        case ast.Subscript(value=text, slice=ast.Slice(lower=None, upper=end)):
            return _value(text, tree, variables)[: ast.literal_eval(end)]
        case ast.Call(func=ast.Name(id="third_party"), args=names):
            return [ast.literal_eval(name) for name in names]
        case ast.Call(func=ast.Name(id="glob"), args=[patterns], keywords=keywords):
            options = {k.arg: ast.literal_eval(k.value) for k in keywords}
            left_out = matching(tree, *options.get("exclude", []))
            return [f for f in matching(tree, *ast.literal_eval(patterns)) if f not in left_out]
    return ast.literal_eval(node)


@functools.cache
def imports(text):
    """Returns [(dotted name, whether at the top of the module, line)] of what a module imports.

    A relative import and an import by a name put together in place are given as None: neither can
    be followed. A name that comes from elsewhere (as an argument) is left out.
    """
    found, nodes = [], list(ast.walk(ast.parse(text)))
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    late = [node for node in nodes if isinstance(node, scopes) or _is_for_types(node)]
    inside = {n for node in late for n in ast.walk(node)}
    for node in nodes:
        names = []
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom():
                names = [None if node.level else f"{node.module}.{a.name}" for a in node.names]
            case ast.Call(func=ast.Name(id=call) | ast.Attribute(attr=call), args=[name, *_]):
                if call in IMPORTERS and not isinstance(name, ast.Name):
                    names = [name.value if isinstance(name, ast.Constant) else None]
        found += [(name, node not in inside, node.lineno) for name in names]
    return found


def _is_for_types(node):
    """Returns whether a statement is `if TYPE_CHECKING:`, which does not run."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def own_folder(file):
    path = pathlib.PurePath(file)
    # What says that the package has types is the package's.
    return "__init__" if path.name == "py.typed" else path.with_suffix("").parts[1]


def folder(name, rank):
    """Returns the folder of the package that a dotted name is in; `__init__` is the package."""
    second = [*name.split("."), ""][1]
    return second if second in rank else "__init__"


def needs(tree, file, rank):
    """Returns the labels, and the third-party modules, of all that `file` imports."""
    found = set()
    for name, _, _ in imports(tree[file]):
        top = (name or "sys").split(".")[0]
        if top == PACKAGE:
            other = folder(name, rank)
            # An import of a part runs the package's __init__, which imports all below it.
            below = not file.startswith(PACKAGE) and rank[other] < rank["__init__"]
            found.add(f":{PACKAGE}" if below or other == "__init__" else f":{other}")
        elif top not in sys.stdlib_module_names:
            found |= BESIDE.get(top, {top})
    return found


def build_problems(tree):
    """Returns one sentence for each way in which BUILD does not say what the tree says."""
    problems, held, rank = [], {}, layers(tree)
    statements = [(rule, targets) for rule, targets in build_statements(tree) if targets]
    lower = [t for _, [t, *_] in statements if rank.get(t["name"], 99) < rank["__init__"]]
    with_package = {module for target in lower for module in target["deps"]}
    for rule, targets in statements:
        name, deps = targets[0]["name"], set(targets[0]["deps"])
        for target in targets:
            for file in target["srcs"] + (target["data"] if rule == "py_library" else []):
                held.setdefault((rule, file), []).append(target["name"])
            file = target["srcs"][0]
            run = {"py_binary": (file, None), "py_test": ("tools/run_pytest.py", [file])}
            if rule in run and (target["main"], target.get("args")) != run[rule]:
                problems.append(f"{file} is not what its {rule} would run")
        sources = {file for target in targets for file in target["srcs"]}
        needed = {":tests_support"} if rule == "py_test" else set()
        needed = needed.union(*(needs(tree, file, rank) for file in sources)) - {f":{name}"}
        if not any(file.startswith(PACKAGE) for file in sources):
            needed -= with_package
        own = sorted(label for label in needed if label.startswith(":"))
        right = f"right is deps = {own} + third_party{(*sorted(needed - {*own}),)}"
        problems += [f"{name} imports {d} and does not list it; {right}" for d in needed - deps]
        problems += [f"{name} lists {d} and does not import it; {right}" for d in deps - needed]

    wanted = {file: "py_library" for file in matching(tree, f"{PACKAGE}/**", "tests/**")}
    wanted |= {file: "py_binary" for file in matching(tree, "examples/**/*.py")}
    wanted |= {file: "py_test" for file in matching(tree, "tests/**/test_*.py")}
    for file, rule in wanted.items():
        names = held.get((rule, file), [])
        if len(names) != 1 and not file.endswith("/common.py"):
            problems.append(f"{file} is in {len(names)} {rule} rules, not in one")
        elif file.startswith(PACKAGE) and names != [own_folder(file).replace("__init__", PACKAGE)]:
            problems.append(f"{file} is in the library {names[0]}")
    return problems


def import_problems(tree):
    """Returns one sentence for each import in the package that breaks a rule."""
    rank, modules = layers(tree), matching(tree, f"{PACKAGE}/**/*.py")
    gone = sorted(set(rank) - {own_folder(file) for file in modules})
    problems = [f"docs/architecture.md has the folder {name}, which is not there" for name in gone]
    for file in modules:
        own = own_folder(file)
        if own not in rank:
            problems.append(f"{file}: its folder is in no layer of docs/architecture.md")
            continue
        for name, top, line in imports(tree[file]):
            where = f"{file}:{line} imports {name}"
            library, other = (name or "?").split(".")[0], folder(name or "", rank)
            ours = library == PACKAGE
            late = DEFERRED.match(name or "") if ours else library not in AT_THE_TOP
            if name is None:
                problems.append(f"{where}: the name is relative or computed")
            elif library in BESIDE:
                problems.append(f"{where}, which is not in the package")
            elif ours and other != own and rank[other] >= rank[own]:
                problems.append(f"{where}, which is not in a lower layer")
            elif ours and other == "models" and own in METHODS_ONLY:
                problems.append(f"{where}; {own} uses a model's methods only")
            elif library == "keras_tuner" and own != "tuning":
                problems.append(f"{where} outside of tuning")
            elif top and late and not DEFERRED.match(file):
                problems.append(f"{where} at the top of the module")
    return problems


TREE = read_tree()


def test_build_says_what_the_imports_say():
    assert build_problems(TREE) == []


def test_imports_keep_to_the_layers_and_heavy_ones_wait():
    assert import_problems(TREE) == []


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("kernels/new.py", "import keras_infovae.datasets", "kernels imports :datasets and does"),
        ("kernels/new.py", "def f():\n    import scipy", "kernels imports scipy and does not list"),
        ("__init__.py", "", "keras_infovae lists :tuning and does not import it"),
        ("new/__init__.py", "", "new/__init__.py is in 0 py_library rules"),
        ("new/__init__.py", "", "in no layer"),
        ("callbacks/new.py", "import keras_infovae.tuning", "not in a lower layer"),
        ("models/new.py", "def f():\n    import keras_infovae", "not in a lower layer"),
        ("evaluation/new.py", "import keras_infovae.models", "a model's methods only"),
        ("utils/new.py", "from . import checks", "relative or computed"),
        ("utils/new.py", "importlib.import_module(f'{__name__}.x')", "relative or computed"),
        ("utils/new.py", "import tests.contracts", "not in the package"),
        ("utils/new.py", "class A:\n    from PIL import Image", "PIL.Image at the top"),
        ("utils/new.py", "def f():\n    import keras_tuner", "keras_tuner outside of tuning"),
        ("tuning/new.py", "from keras_infovae.tuning import oracles", "oracles at the top"),
    ],
)
def test_a_file_with_a_fault_is_noticed(file, text, problem):
    tree = {**TREE, f"{PACKAGE}/{file}": text}
    assert any(problem in found for found in build_problems(tree) + import_problems(tree))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('main = "tools/run_pytest.py"', "main = file", "is not what its py_test would run"),
        ('glob(["tests/**/test_*.py"])', "[]", "0 py_test rules"),
        ('"keras_infovae/kernels/**/*.py"', '"keras_infovae/**/*.py"', "2 py_library rules"),
        ('name = "kernels"', 'name = "kernel"', "__init__.py is in the library kernel"),
        ('":utils",', '":utils", ":cli",', "lists :cli and does not import it"),
    ],
)
def test_a_build_that_says_something_else_is_noticed(old, new, problem):
    tree = {**TREE, "BUILD": TREE["BUILD"].replace(old, new)}
    assert tree != TREE and any(problem in found for found in build_problems(tree))
