"""BUILD says what the imports say, and the imports keep to the layers.

The file and the imports are read here with `ast` (Starlark parses as Python), without the script
that writes BUILD: from file to file through the imports, and from file to target through BUILD.
"""

import ast
import importlib.util
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = "keras_infovae"

# A folder imports from folders further up in this list, or from itself.
LAYERS = [
    {"version", "utils"},
    {"kernels", "distributions", "networks", "datasets", "schedules"},
    {"divergences", "anomaly_scores"},
    {"models", "callbacks"},
    {"evaluation", "training", "migration"},
    {"tuning", "serving"},
    {"__init__"},  # the public API
    {"cli"},
]
# These use the methods of the model they are given, never its class.
NOT_IMPORTED_BY = {"models": {"callbacks", "evaluation", "serving"}}
# Slow to import, or used by one feature only: imported by the function that uses them.
IMPORTED_WHERE_USED = {
    "PIL",
    "ai_edge_litert",
    "grpc",
    "keras_tuner",
    "matplotlib",
    "onnx",
    "onnxruntime",
    "pandas",
    "prometheus_client",
    "pyarrow",
    "requests",
    "sklearn",
    "starlette",
    "tensorflow_datasets",
    "tensorflow_probability",
    "tensorflow_serving",
    "tf2onnx",
    "uvicorn",
}
# Modules, and packages, that are imported where they are used themselves, so that they need not
# wait. The server is a process of its own.
DEFERRED = (
    "keras_infovae.serving.client.grpc_transport",
    "keras_infovae.serving.client.rest_transport",
    "keras_infovae.serving.portable.onnx_ops",
    "keras_infovae.serving.server",
    "keras_infovae.tuning.oracles",
    "keras_infovae.tuning.trial_tuner",
)


# === Reading ===


def build_targets(root):
    """Returns {name: attributes} of BUILD, globs replaced by the files that they match."""

    def value(node):
        if isinstance(node, ast.BinOp):
            return value(node.left) + value(node.right)
        if isinstance(node, ast.List):
            return [value(item) for item in node.elts]
        if isinstance(node, ast.Call) and node.func.id == "glob":
            excluded = [value(k.value) for k in node.keywords if k.arg == "exclude"]
            files = set(_match(root, value(node.args[0])))
            return sorted(files - set(_match(root, excluded[0] if excluded else [])))
        return ast.literal_eval(node)

    targets = {}
    for statement in ast.parse((root / "BUILD").read_text(encoding="utf-8")).body:
        call = statement.value
        if call.func.id in ("load", "package"):
            continue
        attributes = {keyword.arg: value(keyword.value) for keyword in call.keywords}
        assert attributes["name"] not in targets, f"BUILD has {attributes['name']} twice"
        targets[attributes["name"]] = {"rule": call.func.id, "srcs": [], "deps": [], **attributes}
    return targets


def _match(root, patterns):
    paths = (path for pattern in patterns for path in root.glob(pattern))
    return [path.relative_to(root).as_posix() for path in paths if path.is_file()]


def imports(root, file):
    """Returns [(dotted name, whether at the top of the module, line)] of what `file` imports.

    A relative import and an import by a name put together in place are given as None: neither can
    be followed. A name that comes from elsewhere (a helper for optional libraries) is left out.
    """
    found = []

    def visit(node, top):
        if isinstance(node, ast.Import):
            found.extend((alias.name, top, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found.extend((None if node.level else name, top, node.lineno) for name in names)
        elif isinstance(node, ast.Call) and _is_import_call(node.func):
            argument = node.args[0]
            if not isinstance(argument, ast.Name):
                name = argument.value if isinstance(argument, ast.Constant) else None
                found.append((name, top, node.lineno))
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, top and not inside)

    visit(ast.parse((root / file).read_text(encoding="utf-8")), True)
    return found


def _is_import_call(function):
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__")


def imported_files(root, file):
    """Returns the files of this tree that `file` imports."""
    files = set()
    for name, _, _ in imports(root, file):
        parts = (name or "").split(".")
        shared = pathlib.PurePath(file).parent / "common.py"  # of the examples in a folder
        if parts == ["common"] and (root / shared).exists():
            files.add(shared.as_posix())
        while parts and parts[0] in (PACKAGE, "tests"):  # a.b.c: the module, or a name in a.b
            path = "/".join(parts)
            matches = [f for f in (f"{path}.py", f"{path}/__init__.py") if (root / f).exists()]
            if matches:
                files.add(matches[0])
                break
            parts.pop()
    return files - {file}


def python_files(root, folder):
    return sorted(path.relative_to(root).as_posix() for path in (root / folder).rglob("*.py"))


# === Judging ===


def build_problems(root):
    """Returns one sentence for each way in which BUILD does not say what the tree says."""
    problems, targets = [], build_targets(root)
    libraries = {n: t for n, t in targets.items() if t["rule"] == "py_library"}
    owner = {}
    for name, target in libraries.items():
        for file in target["srcs"]:
            if file in owner:
                problems.append(f"{file} is in {owner[file]} and in {name}")
            owner[file] = name
    problems += [f"{f} is in no py_library" for f in python_files(root, PACKAGE) if f not in owner]
    for folder in {pathlib.PurePath(f).parent for f in python_files(root, PACKAGE)}:
        name = "_".join(folder.parts[1:]) or PACKAGE
        if name not in libraries:
            problems.append(f"{folder} has no py_library {name}")

    examples = [f for f in python_files(root, "examples") if not f.endswith("/common.py")]
    programs = [("py_binary", file) for file in examples]
    programs += [
        ("py_test", f) for f in python_files(root, "tests") if f.split("/")[-1].startswith("test_")
    ]
    for rule, file in programs:
        holding = [t for t in targets.values() if t["rule"] == rule and file in t["srcs"]]
        if len(holding) != 1:
            problems.append(f"{file} is in {len(holding)} {rule} rules, not in one")
        elif rule == "py_binary" and holding[0].get("main") != file:
            problems.append(f"{file} is not the main of its py_binary")
        elif rule == "py_test" and (
            holding[0].get("args") != [file] or holding[0].get("main") != "tools/run_pytest.py"
        ):
            problems.append(f"{file} would not be run by pytest")

    for name, target in targets.items():
        for file in target["srcs"]:
            if not (root / file).exists():
                problems.append(f"{name} names {file}, which does not exist")
        if target["rule"] == "filegroup":
            continue
        sources = [file for file in target["srcs"] if (root / file).exists()]
        needed = {owner.get(i) for file in sources for i in imported_files(root, file)}
        needed |= {"tests_support"} if target["rule"] == "py_test" else set()
        needed -= {name, None}
        listed = {dependency.removeprefix(":") for dependency in target["deps"]}
        problems += [f"{name} imports from {d} without depending on it" for d in needed - listed]
        problems += [f"{name} depends on {d} without importing it" for d in listed - needed]
    return problems + _circles(targets)


def _circles(targets):
    done, problems = set(), []

    def visit(name, path):
        if name in path:
            problems.append("a circle: " + " -> ".join([*path[path.index(name) :], name]))
        elif name not in done:
            for dependency in targets.get(name, {"deps": []})["deps"]:
                visit(dependency.removeprefix(":"), [*path, name])
            done.add(name)

    for name in targets:
        visit(name, [])
    return problems


def _folder(file):
    return pathlib.PurePath(file).with_suffix("").parts[1]


def import_problems(root):
    """Returns one sentence for each import in the package that breaks a rule."""
    rank = {folder: i for i, layer in enumerate(LAYERS) for folder in layer}
    problems = []
    for file in python_files(root, PACKAGE):
        folder = _folder(file)
        if folder not in rank:
            problems.append(f"{file}: its folder is in no layer")
            continue
        for target in sorted(imported_files(root, file)):
            other = _folder(target)
            if target.startswith("tests/"):
                problems.append(f"{file} imports {target}")
            elif other != folder and rank.get(other, len(LAYERS)) >= rank[folder]:
                problems.append(f"{file} imports {target}, which is not in a lower layer")
            elif folder in NOT_IMPORTED_BY.get(other, ()):
                problems.append(f"{file} imports {target}; {folder} uses a model's methods only")
        for name, top, line in imports(root, file):
            if name is None:
                problems.append(f"{file}:{line} imports by a relative or computed name")
                continue
            library = name.split(".")[0]
            deferred = _is_deferred(file.removesuffix(".py").replace("/", "."))
            if top and library in IMPORTED_WHERE_USED and not deferred:
                problems.append(f"{file}:{line} imports {library} at the top of the module")
            if top and _is_deferred(name) and not deferred:
                problems.append(f"{file}:{line} imports {name} at the top of the module")
            if library == "keras_tuner" and folder != "tuning":
                problems.append(f"{file}:{line} imports keras_tuner outside of tuning")
    return problems


def _is_deferred(name):
    return any(f"{name}.".startswith(f"{module}.") for module in DEFERRED)


# === The tests ===


def load_update_build():
    spec = importlib.util.spec_from_file_location("update_build", ROOT / "tools/update_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_build_says_what_the_imports_say():
    assert build_problems(ROOT) == [], "`make build-file` writes BUILD anew"


def test_build_is_as_written_by_its_script():
    text = (ROOT / "BUILD").read_text(encoding="utf-8")
    assert text == load_update_build().render(ROOT), "`make build-file` writes BUILD anew"


def test_imports_keep_to_the_layers_and_heavy_ones_wait():
    assert import_problems(ROOT) == []


TREE = {
    "keras_infovae/__init__.py": "from keras_infovae import models\nimport keras_infovae.version\n",
    "keras_infovae/version.py": "",
    "keras_infovae/utils/__init__.py": "",
    "keras_infovae/utils/checks.py": "",
    "keras_infovae/distributions/__init__.py": "from keras_infovae.distributions import priors\n",
    "keras_infovae/distributions/base.py": "from keras_infovae.utils.checks import check\n",
    "keras_infovae/distributions/priors/__init__.py": "import keras_infovae.distributions.base\n",
    "keras_infovae/models/__init__.py": "from keras_infovae.distributions import priors\n",
    "keras_infovae/callbacks/__init__.py": "",
    "keras_infovae/evaluation/__init__.py": "def f():\n    import matplotlib.pyplot\n",
    "examples/quickstart.py": "import keras_infovae as ki\n",
    "tests/contracts.py": "import keras_infovae as ki\n",
    "tests/models/test_models.py": "from tests import contracts\n",
    "pytest.ini": "",
    "tools/run_pytest.py": "",
}


@pytest.fixture
def tree(tmp_path):
    """A made-up tree without a fault, and a BUILD that says what it says."""
    for file, text in TREE.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    (tmp_path / "BUILD").write_text(load_update_build().render(tmp_path))
    assert build_problems(tmp_path) == []
    assert import_problems(tmp_path) == []
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        (
            "keras_infovae/models/new.py",
            "from keras_infovae.utils import checks",
            "models imports from utils without depending on it",
        ),
        (
            "keras_infovae/models/new.py",
            "def f():\n    import keras_infovae.utils.checks",
            "models imports from utils without depending on it",
        ),
        (
            "keras_infovae/models/__init__.py",
            "",
            "models depends on distributions_priors without importing it",
        ),
        ("keras_infovae/new/__init__.py", "", "keras_infovae/new/__init__.py is in no py_library"),
        (
            "examples/new.py",
            "import keras_infovae",
            "examples/new.py is in 0 py_binary rules, not in one",
        ),
        ("tests/test_new.py", "", "tests/test_new.py is in 0 py_test rules, not in one"),
        (
            "tests/models/test_models.py",
            "import keras_infovae",
            "models_models_test depends on tests_contracts without importing it",
        ),
    ],
)
def test_a_build_that_does_not_say_what_the_tree_says_is_noticed(tree, file, text, problem):
    (tree / file).parent.mkdir(exist_ok=True)
    (tree / file).write_text(text)
    assert problem in build_problems(tree)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('main = "tools/run_pytest.py"', 'main = "x.py"', "tests/models/test_models.py would not"),
        ('glob(["keras_infovae/models/*.py"])', "[]", "models/__init__.py is in no py_library"),
        ('"keras_infovae/__init__.py"]', '"keras_infovae/no.py"]', "names keras_infovae/no.py"),
        (
            'deps = [":utils"]',
            'deps = [":utils", ":distributions_priors"]',
            "a circle: distributions",
        ),
    ],
)
def test_a_build_that_was_changed_by_hand_is_noticed(tree, old, new, problem):
    text = (tree / "BUILD").read_text()
    assert old in text
    (tree / "BUILD").write_text(text.replace(old, new))
    assert any(problem in found for found in build_problems(tree))


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("utils/new.py", "import keras_infovae.models", "not in a lower layer"),
        ("callbacks/new.py", "import keras_infovae.models", "not in a lower layer"),
        ("models/new.py", "def f():\n    import keras_infovae", "not in a lower layer"),
        ("evaluation/new.py", "import keras_infovae.models", "a model's methods only"),
        ("utils/new.py", "from . import checks", "a relative or computed name"),
        ("utils/new.py", "import importlib\nimportlib.import_module(f'{__name__}.x')", "computed"),
        ("utils/new.py", "import tests.contracts", "imports tests/contracts.py"),
        ("new/__init__.py", "", "its folder is in no layer"),
        ("utils/new.py", "import pandas as pd", "imports pandas at the top of the module"),
        ("utils/new.py", "class A:\n    from PIL import Image", "imports PIL at the top"),
        ("utils/new.py", "try:\n    import sklearn.svm\nexcept E: pass", "imports sklearn at the"),
        ("utils/new.py", "def f():\n    import keras_tuner", "keras_tuner outside of tuning"),
        ("tuning/new.py", "from keras_infovae.tuning import oracles", "oracles at the top"),
    ],
)
def test_an_import_that_breaks_a_rule_is_noticed(tree, file, text, problem):
    (tree / PACKAGE / file).parent.mkdir(exist_ok=True)
    (tree / PACKAGE / file).write_text(text)
    assert [p for p in import_problems(tree) if f"{PACKAGE}/{file}" in p and problem in p]
