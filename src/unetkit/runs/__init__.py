"""The run folder and what lies in it; nothing here knows what training is."""

from unetkit.runs.checkpoint import has_state as has_state
from unetkit.runs.checkpoint import load_best as load_best
from unetkit.runs.checkpoint import load_newest_intact as load_newest_intact
from unetkit.runs.checkpoint import save_best as save_best
from unetkit.runs.checkpoint import save_last as save_last
from unetkit.runs.checkpoint import settle_best as settle_best
from unetkit.runs.checkpoint import step_of_history as step_of_history
from unetkit.runs.environment import all_parts as all_parts
from unetkit.runs.environment import environment as environment
from unetkit.runs.environment import versions as versions
from unetkit.runs.folder import RunFolder as RunFolder
from unetkit.runs.lock import idle as idle
from unetkit.runs.lock import sole_writer as sole_writer
from unetkit.runs.naming import SERIES as SERIES
from unetkit.runs.naming import is_series as is_series
from unetkit.runs.naming import locate_model as locate_model
from unetkit.runs.naming import name_of_data as name_of_data
from unetkit.runs.naming import next_free as next_free
from unetkit.runs.naming import output_place as output_place
from unetkit.runs.output import clear_output as clear_output
from unetkit.runs.output import make_folder as make_folder
from unetkit.runs.output import new_folder as new_folder
from unetkit.runs.output import refuse_taken as refuse_taken
from unetkit.runs.output import stepping_aside as stepping_aside
from unetkit.runs.output import taken as taken
