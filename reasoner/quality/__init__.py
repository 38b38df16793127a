"""Is the rule base right: tests, coverage, mutation, search over all possible cases, comparison of versions."""
