"""Rendered sea scenes with exact masks: for the demo, for tests, and for a first look without data."""

from unetkit.scenes.folder import write_scenes as write_scenes
from unetkit.scenes.render import CLASSES as CLASSES
from unetkit.scenes.render import render as render
