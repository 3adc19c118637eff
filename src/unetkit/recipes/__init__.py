"""Recipes: settings that suit a known kind of data, with where to get it, what was reported on it, and what is true."""
