"""Checking: findings about a data set, each with what to do about it.

A check is a function from a `Survey` to findings, and a row here; nothing else is touched to add one.
"""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "number": "unetkit.checking.images:check_number",
    "defects": "unetkit.checking.files:check_defects",
    "partners": "unetkit.checking.files:check_partners",
    "turns": "unetkit.checking.files:check_turns",
    "channels": "unetkit.checking.images:check_channels",
    "sizes": "unetkit.checking.images:check_sizes",
    "transparency": "unetkit.checking.images:check_transparency",
    "range": "unetkit.checking.images:check_range",
    "mask-content": "unetkit.checking.masks:check_content",
    "mask-ids": "unetkit.checking.masks:check_ids",
    "mask-alpha": "unetkit.checking.masks:check_alpha",
    "mask-unmatched": "unetkit.checking.masks:check_unmatched",
    "mask-lossy": "unetkit.checking.masks:check_lossy",
    "class-imbalance": "unetkit.checking.classes:check_imbalance",
    "class-absent": "unetkit.checking.classes:check_absent",
    "leak": "unetkit.checking.splits:check_leak",
    "neighbours": "unetkit.checking.splits:check_neighbours",
    "copies": "unetkit.checking.copies:check_copies",
    "alike": "unetkit.checking.splits:check_alike",
    "split-sizes": "unetkit.checking.splits:check_sizes",
}
"""Name of a check to "module:function", in the order in which findings are listed within a severity."""
