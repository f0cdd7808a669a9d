"""From verdicts to a recommendation: what to say, in which order, resting on what."""

from guidestep.answer.recommender import Recommender

__all__ = ["Recommender"]
