"""Which encoding a set of masks has: asked of each family in turn, unless the user says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from unetkit.data.arrays import Image
from unetkit.data.encodings.base import Encoding, Found, Request
from unetkit.data.encodings.survey import Sample, Survey
from unetkit.errors import AmbiguityError, DataError
from unetkit.extras import choose, resolve


def find_among(
    table: Mapping[str, str],
    samples: Iterable[Sample | tuple[str, Image]],
    request: Request,
    said: str | None,
) -> Found:
    """The first family of `table` that recognises the masks, fitted to them; or the one that the user says.

    Raises:
        DataError, AmbiguityError, ConfigError: as `find_encoding`.
    """
    chosen: type[Encoding] | None = choose(table, said, "mask encoding") if said is not None else None
    survey = Survey(samples, planes=len(request.class_folders))
    if chosen is not None:
        return chosen.fit(survey, request)
    if survey.palettes_differ:
        raise AmbiguityError(
            "the same index has different colours in different masks",
            where=survey.palettes_differ,
            advice="--encoding colours  # the colours are the classes\n--encoding ids  # the indices are the classes",
        )
    for row in table.values():
        family: type[Encoding] = resolve(row)
        if family.recognises(survey, request):
            return family.fit(survey, request)
    raise DataError("what these masks hold is not understood", where=survey.names[0])
