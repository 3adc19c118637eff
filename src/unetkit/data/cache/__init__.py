"""The decoded images: in memory, in a temporary file, or in the user's cache folder for the runs to come.

`cache` is what training asks, `memory` what a run keeps for itself. What outlives a run: `shelf` names a set by all
that decides its pixels, and an entry by the contents of its files; `kept` is the set on disk, `folder` bounds them.
"""

from unetkit.data.cache.cache import MEMORY_SHARE as MEMORY_SHARE
from unetkit.data.cache.cache import Cache as Cache
from unetkit.data.cache.folder import CacheFolder as CacheFolder
from unetkit.data.cache.folder import user_folder as user_folder
from unetkit.data.cache.free import free_memory as free_memory
from unetkit.data.cache.places import Keep as Keep
from unetkit.data.cache.shelf import Shelf as Shelf
