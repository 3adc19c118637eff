"""From a model file to masks: the one Predictor that scoring, serving and exporting share, and the job `predict`.

A new backend is a class that satisfies `backends.Backend`, and a row in `BACKENDS`.
"""

from __future__ import annotations

BACKENDS: dict[str, str] = {
    "torch": "unetkit.predicting.backends.torch:TorchBackend",
}
"""Backend name → class; which one runs a file is decided by `load`."""
