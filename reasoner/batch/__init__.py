"""Archives of cases: columns in, decisions with their reasons out."""
