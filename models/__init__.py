"""Pipelines that learn from every record, and what keeps them right."""

from models.binning import Bin
from models.casting import Cast
from models.declaring import Declare
from models.deriving import Derive
from models.expectations import Flag, InRange, LastGood, Matches, NotNull, OneOf, Repair, Unique
from models.filtering import Filter
from models.rolling import RollingCount, RollingMax, RollingMean, RollingMin, RollingStd, RollingSum, RollingVar
from models.rules import Rules
from models.sampling import Sample, Split
from models.scikit import ScikitTransformer
from models.stage import Stage

__all__ = [
    "Bin",
    "Cast",
    "Declare",
    "Derive",
    "Filter",
    "Flag",
    "InRange",
    "LastGood",
    "Matches",
    "NotNull",
    "OneOf",
    "Repair",
    "RollingCount",
    "RollingMax",
    "RollingMean",
    "RollingMin",
    "RollingStd",
    "RollingSum",
    "RollingVar",
    "Rules",
    "Sample",
    "ScikitTransformer",
    "Split",
    "Stage",
    "Unique",
]
