"""Generates a city's appeals, histories and pictures from a seed; independent of Django and databases."""

from data.demo.appeals import generate
from data.demo.model import DemoAppeal, DemoStep, StepVerb
from data.demo.pictures import PICTURES, draw_picture

__all__ = ["PICTURES", "DemoAppeal", "DemoStep", "StepVerb", "draw_picture", "generate"]
