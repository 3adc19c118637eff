"""Augmentation in two acts: `draw` makes plain numbers from (seed, epoch, position); `apply_cpu` uses them.

The same numbers applied to a batch on a GPU: `unetkit.augmentation.gpu.apply_batch`, the one file that needs torch.
"""

from unetkit.augmentation.cpu import apply_cpu as apply_cpu
from unetkit.augmentation.draw import draw as draw
from unetkit.augmentation.parameters import Parameters as Parameters
from unetkit.augmentation.ranges import DEFAULTS as DEFAULTS
from unetkit.augmentation.ranges import Ranges as Ranges
