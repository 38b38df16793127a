"""Questions about one case beyond its decision: what would it take, what if, when, what next."""
