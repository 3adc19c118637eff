"""From a folder as it is to arrays: layouts, pairs, decode, classes, groups, splits, manifest, cache, one resize."""
