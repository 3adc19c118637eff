"""What a training step and a prediction of candidates for our presets cost; the table of docs/concepts/networks.md.

Forward and backward on 16 colour images of 256×256, and forward on one, in channels-last memory; each the best of
`ROUNDS`, the candidates in turn. Writes `benchmarks/results/networks.json` and prints the table.

    python benchmarks/networks.py
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import torch
from pages import put

from unetkit.networks import PRESETS, build, parameter_count

RESULT = Path(__file__).parent / "results" / "networks.json"
PAGE = Path(__file__).parent.parent / "docs" / "concepts" / "networks.md"
ROUNDS = 5
CANDIDATES: dict[str, dict[str, object]] = {
    "stride 4, widths 16 … 64 (`nano`)": PRESETS["nano"],
    "stride 4, widths 32 … 64 (`small`)": PRESETS["small"],
    "stride 4, widths 24 … 96": {**PRESETS["small"], "width": 24, "width_cap": 96},
    "stride 4, widths 32 … 128": {**PRESETS["small"], "width_cap": 128},
    "stride 2, widths 16 … 64": {**PRESETS["nano"], "stem_stride": 2},
    "stride 2, widths 32 … 128": {**PRESETS["small"], "stem_stride": 2, "width_cap": 128},
    "stride 4, residual, widths 32 … 256 (`base`)": PRESETS["base"],
    "stride 2, residual, widths 32 … 256": {**PRESETS["base"], "stem_stride": 2},
    "`small`, transposed 2×2": {**PRESETS["small"], "upsampling": "transposed-2"},
    "`small`, residual": {**PRESETS["small"], "block": "residual"},
    "`small`, no norm": {**PRESETS["small"], "norm": "none"},
}


class Candidate:
    """A network with what it costs so far, in milliseconds."""

    def __init__(self, settings: dict[str, object], precision: str) -> None:
        torch.manual_seed(0)
        self.network = build("unet", settings, 3, 2).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.precision = precision
        self.step = self.forward = float("inf")

    def measure(self, images: torch.Tensor, masks: torch.Tensor) -> None:
        """One step on all images, one prediction of the first."""
        started = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.precision == "bf16"):
            scores = self.network.train()(images)
        torch.nn.functional.cross_entropy(scores.float(), masks).backward()
        self.step = min(self.step, (time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        with torch.inference_mode():
            self.network.eval()(images[:1])
        self.forward = min(self.forward, (time.perf_counter() - started) * 1000)


def main() -> int:
    """Measure, write, print."""
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    images = torch.randn(16, 3, 256, 256).to(memory_format=torch.channels_last)
    masks = torch.randint(0, 2, (16, 256, 256))
    made = {
        (name, kind): Candidate(settings, kind) for name, settings in CANDIDATES.items() for kind in ("fp32", "bf16")
    }
    for _ in range(ROUNDS):
        for candidate in made.values():
            candidate.measure(images, masks)
    lines = ["| network | parameters | step, fp32 | step, bf16 | one image, forward |", "|---|---|---|---|---|"]
    rows = []
    for name in CANDIDATES:
        fp32, bf16 = made[name, "fp32"], made[name, "bf16"]
        parameters = parameter_count(fp32.network)
        rows.append(
            {"name": name, "parameters": parameters, "fp32_ms": fp32.step, "bf16_ms": bf16.step, "ms": fp32.forward}
        )
        lines.append(f"| {name} | {parameters / 1e6:.2f} M | {fp32.step:.0f} | {bf16.step:.0f} | {fp32.forward:.0f} |")
    machine = {
        "cpu": torch.cpu.get_capabilities().get("cpu_name"),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "load": os.getloadavg(),
    }
    print("\n".join(lines))
    put(PAGE, "networks table", "\n".join(lines))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"seed": 0, "machine": machine, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
