"""A seeded city's worth of appeals, their histories and pictures; knows nothing of Django or of a database."""

from data.demo.appeals import generate
from data.demo.model import DemoAppeal, DemoStep, StepVerb
from data.demo.pictures import PICTURES, draw_picture

__all__ = ["PICTURES", "DemoAppeal", "DemoStep", "StepVerb", "draw_picture", "generate"]
