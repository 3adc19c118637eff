# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first model: from rendered sea to your own images
#
# Runs in a few minutes, in Colab or on your own computer. It renders sea scenes with exact masks, looks at them, trains a
# small U-Net for two minutes, scores it beside two baselines, and uses it. The last cell says what to change for your own
# images.

# %% tags=["set-up"]
# In Colab, fetch unetkit first; elsewhere it is installed already.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("unetkit") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "unetkit[train]"], check=True)

# %% [markdown]
# ## Images and masks
#
# A data set is a folder. This one is rendered: waves, haze, boats, a rolling camera. The mask says for every pixel whether
# it is sea (0) or sky (255).

# %%
from pathlib import Path

import numpy as np
from IPython.display import Image, display
from PIL import Image as Pillow

import unetkit
from unetkit.drawing import encode_png, overlay, sheet, to_rgb8
from unetkit.scenes import write_scenes

names = write_scenes(Path("first-model/sea"), count=80)


def show(rows):
    """Show rows of (caption, picture)."""
    display(Image(encode_png(sheet(rows))))


def pixels(path):
    """The pixels of an image file."""
    return np.asarray(Pillow.open(path))


show(
    [
        [(name, pixels(f"first-model/sea/images/{name}.jpg")) for name in names[::30]],
        [("its mask", to_rgb8(pixels(f"first-model/sea/masks/{name}.png")[..., None])) for name in names[::30]],
    ]
)

# %% [markdown]
# What is in it, what belongs together, and is anything wrong? The names tell clips apart; images of one clip stay on one
# side of the split.

# %%
reading = {"data.classes": "0=sea,255=sky", "data.test": "0.2"}
checked = unetkit.check(unetkit.settings("check", reading), "first-model/sea")
print(checked.pairs, "pairs;", checked.group_rule, "→", dict(checked.splits))
for line in checked.classes:
    print(f"{line.name}: {line.pixels_share:.0%} of the pixels")
for finding in checked.findings:
    print(f"{finding.severity}: {finding.message}")

# %% [markdown]
# ## Train
#
# Two minutes from here to the saved model; take ten for images of your own.

# %%
budget = {"training.minutes": 2}
settings = unetkit.settings("train", {**reading, **budget, "out": "first-model/run"}, recipe="horizon")
run = unetkit.train(settings, "first-model/sea")
print(f"{run.steps} steps; best {run.best.metric} on val {run.best.value:.3f}")

# %% [markdown]
# ## Score
#
# On images that had no part in training, and none in choosing the best weights. The baselines know nothing about images:
# *constant* calls every pixel the same class, *position* gives each place in the picture the class it mostly had.

# %%
scored = unetkit.evaluate(unetkit.settings("evaluate", {"split": "test"}), "first-model/run")
for score, value in scored.scores.items():
    beside = ", ".join(f"{name} {values[score]:.3f}" for name, values in scored.baseline.items() if score in values)
    print(f"{score:16} {value:.3f}   ({beside})")

# %% [markdown]
# ## Use

# %%
model = unetkit.load("first-model/run")
write_scenes(Path("first-model/new"), count=3, seed=1)
row = []
for path in sorted(Path("first-model/new/images").iterdir()):
    image = pixels(path)
    prediction = model.predict(image)
    colours = np.array([(40, 90, 200), (250, 220, 120)], np.uint8)
    sky = prediction.class_shares[1]
    row.append((f"sky {sky:.0%}", overlay(image, prediction.mask, colours)))
show([row])

# %% [markdown]
# ## Your own images
#
# Put them beside this notebook, images and masks in one folder in whatever way you have them, and write its name instead
# of `first-model/sea`. Begin with `unetkit.check`: it says how the folder was read, and asks when two readings are possible.
