"""Checks for the same image twice: in two parts of the split, or within one."""

from __future__ import annotations

from unetkit.checking.finding import Finding, finding
from unetkit.checking.survey import Survey
from unetkit.data.copies import identical_files


def check_copies(survey: Survey) -> list[Finding]:
    """Images whose files are equal byte for byte."""
    part = {pair.image: pair.split or "train" for pair in survey.pairs}
    sets = survey.dataset.copies
    if sets is None:
        sets = identical_files(survey.dataset.root, [image for image in part if survey.header(image)])
    sets = [same for same in sets if len(set(same) & set(part)) > 1]
    across = [same for same in sets if len({part[image] for image in same}) > 1]
    within = [same for same in sets if len({part[image] for image in same}) == 1]
    return [
        *finding(
            "identical-across-splits",
            "warning",
            [" = ".join(f"{image} ({part[image]})" for image in same) for same in across],
            "[1 image stands|{n} images stand] in more than one part of the split: what is scored was learnt",
            _keep_together(survey),
        ),
        *finding(
            "identical-images",
            "info",
            [" = ".join(same) for same in within],
            "[1 image occurs|{n} images occur] more than once in the same part",
            "delete the copies: they count twice",
        ),
    ]


def _keep_together(survey: Survey) -> str:
    if survey.dataset.split_by == "time":
        return "delete the copies: a split by time cannot keep together what lies far apart"
    groups = len({pair.group for pair in survey.pairs if pair.group})
    by = "group" if groups > 1 else "random"
    return survey.command("train", f"--split-by {by}") + "  # keeps copies together; or delete them"
