"""A training loop as most people write it: what `time_to_quality.py` measures unetkit against.

A DataLoader with two workers decodes each image in each epoch by OpenCV (`"keep": true`: once, before the first), Adam,
no schedule, float32 (`"bf16": true`: autocast); the network, the working size and the learning rate are those of the
recipe's `source` variant. The clock runs from the start of the process and stands still while the test part is scored.

    python benchmarks/plain_loop.py SPEC.json
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from unetkit.networks import PRESETS, build, class_scores


class Pairs(Dataset[Any]):
    """Images as float32 [C, H, W] in 0..1 and masks as int64 [H, W] of class ids, at the working size."""

    def __init__(self, spec: dict[str, Any], split: str, *, keep: bool) -> None:
        self.pairs, self.spec = spec["pairs"][split], spec
        self.kept = [self.decode(number) for number in range(len(self.pairs))] if keep else []

    def __len__(self) -> int:
        return len(self.pairs)

    def decode(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        image_file, mask_file = self.pairs[number]
        grey = self.spec["channels"] == 1
        image = cv2.imread(image_file, cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
        mask = cv2.imread(mask_file, cv2.IMREAD_GRAYSCALE)
        width, height = self.spec["width"], self.spec["height"]
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
        image = image[..., None] if grey else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        return image.transpose(2, 0, 1).astype(np.float32) / 255, mask.astype(np.int64)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        return self.kept[number] if self.kept else self.decode(number)


class Judge:
    """Scores the test part at native size from one confusion matrix; its own time is given back to the clock."""

    def __init__(self, spec: dict[str, Any]) -> None:
        started = time.time()
        self.test = Pairs(spec, "test", keep=True)
        self.masks = [cv2.imread(file, cv2.IMREAD_GRAYSCALE) for _, file in self.test.pairs]
        self.classes, self.ignore, self.started = spec["classes"], spec["ignore"], spec["started"]
        self.precision = "bf16" if spec["bf16"] else "fp32"
        self.aside = time.time() - started  # decoding for the score is nobody's training

    def clock(self) -> float:
        return time.time() - self.started - self.aside

    def score(self, network: torch.nn.Module) -> dict[str, Any]:
        started, now = time.time(), self.clock()
        counts = np.zeros((self.classes, self.classes), np.int64)
        network.eval()
        for number, truth in enumerate(self.masks):
            image = torch.from_numpy(self.test[number][0])[None]
            with torch.inference_mode():
                scores = class_scores(network(image))
                scores = functional.interpolate(scores, truth.shape, mode="bilinear", align_corners=False)
            counted = truth != self.ignore
            pairs = truth[counted].astype(np.int64) * self.classes + scores.argmax(1)[0].numpy()[counted]
            counts += np.bincount(pairs, minlength=self.classes**2).reshape(self.classes, self.classes)
        network.train()
        self.aside += time.time() - started
        return {"seconds": now, "precision": self.precision, "counts": counts.tolist()}


def train(spec: dict[str, Any]) -> None:
    torch.manual_seed(spec["seed"])
    torch.set_num_threads(spec["threads"])
    loader = DataLoader(
        Pairs(spec, "train", keep=spec["keep"]), spec["batch"], shuffle=True, num_workers=2, persistent_workers=True
    )
    order = torch.channels_last if spec["channels_last"] else torch.contiguous_format
    outputs = 1 if spec["classes"] == 2 else spec["classes"]
    network = build("unet", PRESETS[spec["preset"]], spec["channels"], outputs).to(memory_format=order)
    optimiser = torch.optim.Adam(network.parameters(), spec["learning_rate"])
    judge, epochs = Judge(spec), spec["epochs"] or sys.maxsize
    due = math.inf if spec["epochs"] else 0.0
    for _ in range(epochs):
        for images, masks in loader:
            with torch.autocast("cpu", torch.bfloat16, enabled=spec["bf16"]):
                scores = class_scores(network(images.contiguous(memory_format=order)))
            loss = functional.cross_entropy(scores.float(), masks, ignore_index=spec["ignore"])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if judge.clock() >= due:
                print(json.dumps(judge.score(network)), flush=True)
                due = 1.05 * judge.clock()
    print(json.dumps(judge.score(network)), flush=True)


if __name__ == "__main__":
    train(json.loads(Path(sys.argv[1]).read_text()))
