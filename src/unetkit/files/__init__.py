"""Atomic, checksummed files: a reader sees the old file or the new one, whole and verified, and nothing between.

Every write goes to a temporary name in the same folder, is fsynced, renamed, and the folder fsynced (`atomic.py`).
Every file carries its own SHA-256, always taken over the whole file with those 64 digits left out: JSON in a key
`digest`, text in a comment on its last line (`sealed.py`), safetensors in the metadata field `digest` (`tensors.py`).
A reader computes it before it believes anything else.
"""

from unetkit.files.atomic import DISK_ERRORS as DISK_ERRORS
from unetkit.files.atomic import LEFTOVER as LEFTOVER
from unetkit.files.atomic import is_leftover as is_leftover
from unetkit.files.atomic import read_bytes as read_bytes
from unetkit.files.atomic import remove_leftovers as remove_leftovers
from unetkit.files.atomic import sync_folder as sync_folder
from unetkit.files.atomic import write_bytes as write_bytes
from unetkit.files.atomic import write_error as write_error
from unetkit.files.digest import Buffer as Buffer
from unetkit.files.digest import damaged as damaged
from unetkit.files.digest import sha256_bytes as sha256_bytes
from unetkit.files.digest import sha256_file as sha256_file
from unetkit.files.sealed import plain as plain
from unetkit.files.sealed import read_json as read_json
from unetkit.files.sealed import read_jsonl as read_jsonl
from unetkit.files.sealed import read_sealed_text as read_sealed_text
from unetkit.files.sealed import write_json as write_json
from unetkit.files.sealed import write_jsonl as write_jsonl
from unetkit.files.sealed import write_sealed_text as write_sealed_text
from unetkit.files.sealed import write_text as write_text
from unetkit.files.tensors import Array as Array
from unetkit.files.tensors import read_tensors as read_tensors
from unetkit.files.tensors import refuse_not_finite as refuse_not_finite
from unetkit.files.tensors import write_tensors as write_tensors
