"""Images a second of MONAI's BasicUNet at the widths of `original`'s little sister; prints one JSON line."""

import json
import time

import monai
import torch
from torch.utils.flop_counter import FlopCounterMode

BATCH, HEIGHT, WIDTH, CLASSES, ROUNDS, SECONDS = 4, 128, 256, 2, 5, 2.0

torch.manual_seed(0)
network = monai.networks.nets.BasicUNet(2, 3, CLASSES, features=(64, 128, 256, 512, 1024, 64))
optimiser = torch.optim.Adam(network.parameters(), 1e-4)
images, masks = torch.rand(BATCH, 3, HEIGHT, WIDTH), torch.randint(0, CLASSES, (BATCH, HEIGHT, WIDTH))


def step() -> None:
    """Forward, loss, backward, update."""
    loss = torch.nn.functional.cross_entropy(network(images), masks)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    loss.item()


step()
best = 0.0
for _ in range(ROUNDS):
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS or not count:
        step()
        count += 1
    best = max(best, count * BATCH / (time.perf_counter() - started))
with FlopCounterMode(display=False) as counter:
    network(images).sum().backward()
told = {"tool": f"MONAI {monai.__version__} BasicUNet", "preset": "infrared-double", "images_per_second": best}
print(json.dumps({**told, "flop_an_image": counter.get_total_flops() / BATCH}))
