"""Scores of masks against masks, counted in one confusion matrix; NumPy only.

`METRICS` holds every score of a `Confusion` that can be printed, or choose the best model. A new one is a function of a
`Confusion` and a row here.
"""

from __future__ import annotations

METRICS: dict[str, str] = {
    "mean_iou": "unetkit.metrics.scores:mean_iou",
    "mean_dice": "unetkit.metrics.scores:mean_dice",
    "pixel_accuracy": "unetkit.metrics.scores:pixel_accuracy",
    "mean_precision": "unetkit.metrics.scores:mean_precision",
    "mean_recall": "unetkit.metrics.scores:mean_recall",
}
"""Score name → function(Confusion) → float in 0..1, larger is better, NaN when no pixel was scored."""
