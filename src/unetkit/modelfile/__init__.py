"""The model file: weights, and beside them in one header all that is needed to use them."""

from unetkit.modelfile.contract import FORMAT as FORMAT
from unetkit.modelfile.contract import Contract as Contract
from unetkit.modelfile.file import read_model as read_model
from unetkit.modelfile.file import write_model as write_model
from unetkit.modelfile.fingerprint import Fingerprint as Fingerprint
