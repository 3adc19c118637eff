"""Every error a user can meet, as one tree; each class carries the exit code of the command that ends with it.

UnetkitError
├── DoneWithProblems (1)   the work was done, and something is wrong
│   └── TrainingDiverged   NaN or Inf
├── UsageError (2)         the input or the usage is wrong
│   ├── ConfigError        a key or a value
│   ├── DataError          files, folders, masks
│   ├── AmbiguityError     two readings are possible: one flag decides
│   ├── OutputExists       nothing is overwritten
│   └── FormatError        a file of ours that is damaged or foreign
│       └── OtherFormat    written by another version of unetkit
├── MachineError (3)       the machine said no
│   ├── MissingExtra, DiskFull, OutOfMemory, PermissionRefused, DeviceMissing
└── Interrupted (128 + n)  a signal; the state is saved
"""

from __future__ import annotations


class UnetkitError(Exception):
    """Base of all errors: what happened, where (file, key, value), and what to do about it.

    `advice` is a sentence or a command to paste. The three are printed as one block by the command line.
    """

    exit_code = 70

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.advice = advice

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.where, self.advice) if part)


class DoneWithProblems(UnetkitError):
    """The command ran to its end, and something is wrong."""

    exit_code = 1


class TrainingDiverged(DoneWithProblems):
    """The loss or a weight became NaN or infinite."""


class UsageError(UnetkitError):
    """The input or the usage is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting is unknown, mistyped, out of range or contradicts another."""


class DataError(UsageError):
    """A folder or file of images and masks cannot be used as it is."""


class AmbiguityError(UsageError):
    """Two readings are possible; the advice holds the whole command with the flag that decides."""


class OutputExists(UsageError):
    """The output is there already, and nothing is overwritten."""


class FormatError(UsageError):
    """A model, checkpoint or record is damaged, foreign, or written by a newer unetkit."""


class OtherFormat(FormatError):
    """A checkpoint or a model is whole, and another version of unetkit wrote it."""


class MachineError(UnetkitError):
    """The machine said no."""

    exit_code = 3


class MissingExtra(MachineError):
    """An optional package is not installed; the advice is the command that installs it."""


class DiskFull(MachineError):
    """No space, or a quota, on the device of the path named."""


class OutOfMemory(MachineError):
    """Not enough memory for what was asked."""


class PermissionRefused(MachineError):
    """The operating system refused to read or write the path named."""


class DeviceMissing(MachineError):
    """The device asked for is not here."""


class Interrupted(UnetkitError):
    """A signal stopped the work; what was done is on disk.

    Args:
        signal: the number of the signal; the exit code is 128 plus it (130 for SIGINT, 143 for SIGTERM).
    """

    def __init__(self, what: str, *, signal: int, where: str = "", advice: str = "") -> None:
        super().__init__(what, where=where, advice=advice)
        self.exit_code = 128 + signal
