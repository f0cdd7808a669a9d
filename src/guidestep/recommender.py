from guidestep.explain.evidence import Evidence

__all__ = ["Evidence"]
