"""Pictures of masks: colour masks, overlays, legends, sheets of tiles, and PNG bytes. Plain arrays in and out."""

from unetkit.drawing.legend import legend as legend
from unetkit.drawing.legend import with_legend as with_legend
from unetkit.drawing.paint import RGB as RGB
from unetkit.drawing.paint import colourise as colourise
from unetkit.drawing.paint import overlay as overlay
from unetkit.drawing.paint import to_rgb8 as to_rgb8
from unetkit.drawing.png import encode_png as encode_png
from unetkit.drawing.sheet import Tile as Tile
from unetkit.drawing.sheet import sheet as sheet
