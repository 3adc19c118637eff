"""Importing is cheap, and torch comes only where it is used; who may import whom is import-linter's (`make check`)."""

from __future__ import annotations

import ast
import subprocess
import sys

from house.source import Module, modules

HEAVY = {"torch", "cv2", "matplotlib", "onnxruntime"}
TENSOR_ROOMS = {"networks", "losses", "augmentation", "training", "importing"}
LAZY = {"unetkit.__main__", "unetkit.extras", "unetkit.cli.app"}  # and the __init__ of a package


def loaded(code: str) -> set[str]:
    """The modules that a fresh Python holds after running `code`."""
    program = f"import sys\n{code}\nprint('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_import_unetkit_loads_neither_torch_nor_opencv() -> None:
    assert not loaded("import unetkit") & HEAVY


def test_help_loads_neither_torch_nor_opencv() -> None:
    help_code = "from unetkit.cli.app import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    assert not loaded(help_code) & HEAVY


def test_rooms_without_tensors_do_not_load_torch() -> None:
    names = [module.name for module in modules() if tensor_free(module)]
    assert "torch" not in loaded("\n".join(f"import {name}" for name in names))


def test_pickles_are_read_in_importing_only() -> None:
    """There a child process without network does it; anywhere else it would be this one."""
    likely = [module for module in modules() if "torch.load" in module.text or "pickle" in module.text]
    nodes = [(module.name, ast.unparse(node)) for module in likely for node in ast.walk(module.tree) if names(node)]
    reading = {name for name, text in nodes if text.startswith(("torch.load", "import pickle", "from pickle"))}
    assert reading == {"unetkit.importing.state_dict"}


def names(node: ast.AST) -> bool:
    """Whether a node can name a module or what is in it."""
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Attribute)


def tensor_free(module: Module) -> bool:
    """Whether a module must do without torch; commands open the rooms that they run."""
    return module.room not in TENSOR_ROOMS | {"cli", "__main__"} and module.name != "unetkit.predicting.backends.torch"


def test_imports_stand_at_the_top() -> None:
    hidden = [
        module.place(node.lineno)
        for module in modules()
        if module.name not in LAZY and module.path.name != "__init__.py"
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Call) and imports(node)
    ]
    assert not hidden


def imports(node: ast.Import | ast.ImportFrom | ast.Call) -> bool:
    """Whether a node imports, by a statement or by a call: the table rows go through `extras.resolve` instead."""
    return not isinstance(node, ast.Call) or ast.unparse(node.func) in {"importlib.import_module", "__import__"}
