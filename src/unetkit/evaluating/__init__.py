"""Scores with the protocol and the baselines beside them, always through the Predictor."""
