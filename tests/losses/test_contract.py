"""Every loss of the table, and a sum of two, keeps the contract."""

from __future__ import annotations

from contracts.loss import LossContract


class TestCrossEntropy(LossContract):
    name = "cross-entropy"


class TestBinaryCrossEntropy(LossContract):
    name = "bce"


class TestDice(LossContract):
    name = "dice"


class TestFocal(LossContract):
    name = "focal"


class TestTversky(LossContract):
    name = "tversky"


class TestLovasz(LossContract):
    name = "lovasz"


class TestSum(LossContract):
    name = "dice+0.5*focal"
