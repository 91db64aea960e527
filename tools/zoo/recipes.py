"""All recipes: the modules that this imports add them to `recipe.RECIPES`."""

from tools.zoo import digits, images, points, tables, texts_and_sequences
from tools.zoo.recipe import RECIPES

__all__ = ("RECIPES", "digits", "images", "points", "tables", "texts_and_sequences")
