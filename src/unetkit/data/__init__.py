"""From a folder as it is to arrays: layouts, pairs, decoding, classes, groups, splits, manifest, cache, the one resize."""
