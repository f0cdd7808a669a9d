"""The rule language: YAML with positions, expressions, types, checks and the typed tree."""
