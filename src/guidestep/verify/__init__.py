"""Proofs over all patients: the program as terms of a solver, properties, witnesses."""
