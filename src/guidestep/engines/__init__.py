"""The engines: readers of a program that give one patient's verdicts."""
