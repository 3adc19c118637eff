"""Settings about data that an evaluation has no use for: named, never passed over in silence."""

from __future__ import annotations

from unetkit.config.jobs import EvaluateSettings

OF_MODEL = ("size", "normalise")
"""What the model file says about the way of an image through it."""

OF_OTHER_DATA = (
    "images", "masks", "layout", "encoding", "classes", "val", "test", "split_by", "groups", "channels",
)  # fmt: skip
"""How data are read; a run's own data are read as its manifest says, and turned to the model's channels."""


def unused(settings: EvaluateSettings, *, own: bool) -> tuple[str, ...]:
    """The names of `data` that somebody set and that do nothing; `own` where a run's own data are scored."""
    names = (*OF_MODEL, *(OF_OTHER_DATA if own else ()))
    return tuple(name for name in names if name in settings.data.model_fields_set)
