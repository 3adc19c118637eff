"""Scores on the whole validation split while a run goes on, by the code that `evaluate` uses."""

from __future__ import annotations

import functools
import heapq
import math
import operator
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from unetkit.data.arrays import IGNORE_16, Image, Mask, ignore_id
from unetkit.data.pair import Pair
from unetkit.data.scan import evenly
from unetkit.evaluating.report import ScoreReport
from unetkit.evaluating.score import count, report_of
from unetkit.modelfile import Fingerprint
from unetkit.predicting.backends.torch import TorchBackend
from unetkit.predicting.predictor import Predictor
from unetkit.training.build import time_budget
from unetkit.training.interrupt import Interruption
from unetkit.training.session import Session
from unetkit.training.share import ScoringShare

KEEP_BYTES = 1024**3  # validation pairs are kept decoded up to here


class Scorer:
    """Scores the averaged weights as they are now.

    Args:
        stop: looked at before every pair, as a signal must not wait for the end of a scoring.

    Attributes:
        predictor: over the live average; what `predict` would use.
        share: of a time budget that goes into scoring.
    """

    def __init__(self, session: Session, stop: Interruption | None = None) -> None:
        self._session = session
        self.stop = stop or Interruption(Path())
        backend = TorchBackend(session.stepper.average.network, session.compute.device)
        self.predictor = Predictor(session.contract, backend)
        material = session.material
        given = material.dataset.split_by == "given"
        self.share = ScoringShare(time_budget(session.settings.training), len(material.val), given)
        self._kept: dict[Pair, tuple[Image, Mask]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self) -> dict[str, float]:
        """Name → value on the validation split; empty where there is none."""
        if not self._session.material.val:
            return {}
        started = time.perf_counter()
        report = self.report()
        self.share.took(time.perf_counter() - started)
        return {name: value for name, value in report.scores.items() if math.isfinite(value)}

    def report(self, fingerprint: Fingerprint | None = None) -> ScoreReport:
        """The whole report of the weights as they are now; with baselines where the fingerprint is given."""
        return self._score(self._session.material.val, fingerprint)

    def rehearse(self) -> float:
        """Score two batches of the largest images: no more are ever in work at once, so that the memory for it is seen.

        Returns:
            About how many seconds a scoring of the whole validation split will take.
        """
        val = self._session.material.val
        pairs = heapq.nlargest(2 * self.predictor.batch, val, key=self._size)
        if not pairs:
            return 0.0
        started = time.perf_counter()
        self._score(pairs)
        seconds = time.perf_counter() - started
        return seconds * sum(map(self._size, val)) / sum(map(self._size, pairs))

    @property
    def bytes_to_come(self) -> int:
        """Memory that the validation pairs which will be kept decoded, and are not yet, will take."""
        return max(min(sum(map(self._size, self._session.material.val)), KEEP_BYTES) - self._bytes, 0)

    def read(self, pair: Pair) -> tuple[Image, Mask]:
        """A pair at native size, decoded once as long as memory allows.

        Raises:
            Interrupted: a stop was asked for.
        """
        self.stop.check()
        if pair in self._kept:
            return self._kept[pair]
        image, mask = self._session.material.read(pair)
        size = image.nbytes + mask.nbytes
        with self._lock:
            if self._bytes + size <= KEEP_BYTES:
                self._kept[pair] = (image, mask)
                self._bytes += size
        return image, mask

    def examples(self, count: int) -> Iterator[tuple[str, Image, Mask]]:
        """Some validation pairs, spread over the split, for the sheet; raises as `read`."""
        material = self._session.material
        for pair in evenly(material.val or material.train, count):
            yield pair.image, *self.read(pair)

    def _score(self, pairs: Sequence[Pair], fingerprint: Fingerprint | None = None) -> ScoreReport:
        """Each process counts its share of the pairs; the counts, whole numbers, are added."""
        group, known = self._session.group, fingerprint or Fingerprint()
        group.follow(self._session.stepper.average.network.buffers())
        own = self.stop.together(group, lambda: count(self.predictor, group.share(pairs), self.read, fingerprint=known))
        whole = functools.reduce(operator.add, group.gather(own))
        place = {pair.image: number for number, pair in enumerate(pairs)}
        whole.rows.sort(key=lambda row: place[row.image])
        return report_of(whole, self.predictor.contract, split="val", fingerprint=known)

    def _size(self, pair: Pair) -> int:
        """Bytes of a pair when it is decoded."""
        material = self._session.material
        height, width = material.dataset.native_size(pair)
        mask = 2 if ignore_id(len(material.counts)) == IGNORE_16 else 1
        return height * width * (material.channels * material.depth // 8 + mask)
