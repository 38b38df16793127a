"""The analyst's questions about a case: what if, when, what would it take, what next."""
