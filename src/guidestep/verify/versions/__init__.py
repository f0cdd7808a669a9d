"""Two versions of a guideline side by side: matched, compared by the solver, and told."""
