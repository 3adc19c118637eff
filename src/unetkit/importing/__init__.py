"""Importing: weights that another program trained become a model file of ours.

A foreign file is opened in a process of its own (`child.py`), which cannot reach the network and is held to little
memory and time; what it hands over is plain arrays, verified before anything is made of them. A kind of file is a
reader, a row here, and the ends of its names.
"""

from __future__ import annotations

READERS: dict[str, str] = {
    "pytorch": "unetkit.importing.state_dict:read_pytorch",
    "safetensors": "unetkit.importing.state_dict:read_safetensors",
    "keras": "unetkit.importing.keras_file:read_keras",
}
"""Name of a reader to "module:function", from an open file to a `Foreign`."""

SUFFIXES: dict[str, str] = {
    ".pth": "pytorch",
    ".pt": "pytorch",
    ".bin": "pytorch",
    ".tar": "pytorch",  # my_checkpoint.pth.tar, which is no archive
    ".safetensors": "safetensors",
    ".h5": "keras",
    ".hdf5": "keras",
    ".keras": "keras",
}
"""How the name of a file ends, and who reads it."""
