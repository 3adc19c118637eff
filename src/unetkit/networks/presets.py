"""Named networks, as plain values of the network settings. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import asdict

from unetkit.networks.anatomy import Anatomy

Preset = dict[str, object]

# Widths are multiples of 16: a convolution of 24 channels takes twice as long on a CPU as one of 16.
_OURS: Preset = {"name": "unet", **asdict(Anatomy()), "outputs": "classes"}

# Ronneberger et al. 2015 as a starting point: full resolution, 64 to 1024 channels, bias, no norm, transposed 2×2.
_CLASSIC: Preset = {
    **_OURS,
    "width": 64,
    "width_cap": 1024,
    "convolution_bias": True,
    "norm": "none",
    "upsampling": "transposed-2",
    "stem_stride": 1,
}

PRESETS: dict[str, Preset] = {
    "nano": {**_OURS, "width": 16},
    "small": _OURS,
    "base": {**_OURS, "width_cap": 256, "block": "residual"},
    # 31,030,658 parameters at 1→2. The paper's convolutions are not padded and shrink 572×572 to 388×388; here they
    # are, so that the size is kept. The paper puts dropout "at the end of the contracting path" without a rate.
    "original": {**_CLASSIC, "dropout": 0.5, "dropout_place": "deep"},
    # The sources' own networks; docs/concepts/networks.md says whose. Each total holds at the channels → outputs said.
    "infrared": {  # 21,598,401 at 3→1: a norm a convolution, a bottleneck of one convolution
        **_CLASSIC,
        "bottleneck": "single",
        "convolution_bias": False,
        "norm": "batch",
        "initialisation": "default",
        "outputs": "logit",
    },
    "infrared-double": {  # 31,043,521 at 3→1: the same with a double bottleneck and biases
        **_CLASSIC,
        "norm": "batch",
        "initialisation": "default",
        "outputs": "logit",
    },
    "camvid": {  # 31,031,464 at 1→12: no norm, nearest growing, two 1×1 in the head
        **_CLASSIC,
        "dropout": 0.5,
        "upsampling": "nearest",
        "head": "activated",
        "initialisation": "glorot",
    },
    "carla": {  # 8,640,471 at 3→23: half the width, transposed 3×3, one more 3×3 in the head
        **_CLASSIC,
        "width": 32,
        "width_cap": 512,
        "dropout": 0.3,
        "dropout_place": "deep",
        "upsampling": "transposed-3-same",
        "head": "convolution",
    },
    "forest": {  # 31,037,633 at 3→1: one norm a block, after the activation
        **_CLASSIC,
        "norm": "batch",
        "norm_place": "after",
        "shared_norm": True,
        "initialisation": "default",
        "outputs": "logit",
    },
}
