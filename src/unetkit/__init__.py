"""From a folder of images and masks to a segmentation model in use.

The jobs of the command line are functions here, imported when they are first used:

    settings = unetkit.settings("train", {"training.minutes": 10}, recipe="horizon")
    result = unetkit.train(settings, "photos")
    prediction = unetkit.load(result.model).predict(image)
"""

from typing import TYPE_CHECKING, Any

from unetkit.errors import UnetkitError

if TYPE_CHECKING:
    from unetkit.checking.check import check
    from unetkit.evaluating.compare import compare_runs as compare
    from unetkit.evaluating.evaluate import evaluate_model as evaluate
    from unetkit.importing.import_weights import import_weights
    from unetkit.predicting.load import load
    from unetkit.predicting.predict import predict
    from unetkit.recipes.settings import settings
    from unetkit.reports.report import write_report as report
    from unetkit.runs.naming import is_series
    from unetkit.training.series import train_seeds
    from unetkit.training.train import train

    __version__: str

__all__ = [
    "UnetkitError",
    "check",
    "compare",
    "evaluate",
    "import_weights",
    "is_series",
    "load",
    "predict",
    "report",
    "settings",
    "train",
    "train_seeds",
]

_ROWS = {
    "check": "unetkit.checking.check:check",
    "compare": "unetkit.evaluating.compare:compare_runs",
    "evaluate": "unetkit.evaluating.evaluate:evaluate_model",
    "import_weights": "unetkit.importing.import_weights:import_weights",
    "is_series": "unetkit.runs.naming:is_series",
    "load": "unetkit.predicting.load:load",
    "predict": "unetkit.predicting.predict:predict",
    "report": "unetkit.reports.report:write_report",
    "settings": "unetkit.recipes.settings:settings",
    "train": "unetkit.training.train:train",
    "train_seeds": "unetkit.training.series:train_seeds",
}

_WITH_TORCH = {"train": "training", "train_seeds": "training", "import_weights": "importing weights"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in _ROWS:
        raise AttributeError(f"module 'unetkit' has no attribute '{name}'")
    from unetkit.extras import require, resolve

    if name in _WITH_TORCH:  # their rooms cannot even be imported without
        require("train", _WITH_TORCH[name])
    return resolve(_ROWS[name])


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("unetkit")
    except PackageNotFoundError:  # run from the source tree
        return "0.0.0+source"
