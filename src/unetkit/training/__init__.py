"""The job `train`, and everything that happens between the first step and the last."""
