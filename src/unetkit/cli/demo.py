"""`unetkit demo`: render scenes, then the jobs in order; that is all its logic."""
