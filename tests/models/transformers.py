"""The transformers that every contract of theirs is checked on, ours and river's, each with the fields it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

from river import compose, feature_extraction, preprocessing, stats
from sklearn import decomposition
from sklearn import preprocessing as sklearn_preprocessing

from models import (
    Bin,
    Cast,
    Declare,
    Derive,
    Filter,
    Flag,
    InRange,
    LastGood,
    Matches,
    NotNull,
    OneOf,
    Repair,
    RollingCount,
    RollingMax,
    RollingMean,
    RollingMin,
    RollingStd,
    RollingSum,
    RollingVar,
    Rules,
    Sample,
    ScikitTransformer,
    Split,
    Unique,
)

Record = dict[str, Any]

FIELDS = {
    "flight": "string",
    "origin": "string",
    "distance": "double",
    "seats": "int",
    "delay": ["null", "double"],
    "cancelled": "boolean",
    "at": "long",
}
WINDOW = {"by": "origin", "window": "1m", "on": "at"}


class Numbers(TypedDict):
    distance: float
    seats: int
    far: bool


@dataclass(frozen=True)
class Case:
    """A transformer, made anew by each call of `make`; `known` says whether its fields are known before it runs."""

    name: str
    make: Callable[[], Any]
    known: bool = True


def flights(count: int = 120) -> list[Record]:
    """Flights in nearly the order of their event times, some of them twice, cancelled ones without a delay."""
    made = []
    for i in range(count):
        cancelled = i % 11 == 5
        made.append(
            {
                "flight": f"UA {i - 7 if i % 17 == 16 else i}",
                "origin": ("JFK", "EWR", "LGA")[i * 7 % 3],
                "distance": -1.0 if i % 13 == 12 else 100.0 * (i * i % 23) + i / 7,
                "seats": 50 + i * 31 % 300,
                "delay": None if cancelled else i * i % 19 / 3 - 2.0,
                "cancelled": cancelled,
                "at": 4_000 * i - (9_000 if i % 10 == 3 else 0),
            }
        )
    return made


def numbers_of(flight: Record) -> Numbers:
    return {"distance": flight["distance"], "seats": int(flight["seats"]), "far": flight["distance"] > 1000}


def weekday(flight: Record) -> int:
    return int(flight["at"]) // 86_400_000 % 7


def numbers() -> Any:
    return compose.Select("distance", "seats")


OURS = [
    Case("bin", lambda: Bin(distance=[0, 500, 1000], delay=[0])),
    Case("cast", lambda: Cast(distance="long", seats="string", delay="string", cancelled="int")),
    Case("declare", lambda: compose.Select("origin") | preprocessing.OneHotEncoder() | Declare(origin_JFK="int")),
    Case("derive", lambda: Derive(speed="distance / seats", late="delay > 0", day=weekday, name="lower(origin) + 'x'")),
    Case("filter", lambda: Filter("not cancelled and distance > 200")),
    Case("rolling count", lambda: RollingCount(**WINDOW)),
    Case("rolling max", lambda: RollingMax("delay", **WINDOW)),
    Case("rolling mean", lambda: RollingMean("delay", **WINDOW)),
    Case("rolling min", lambda: RollingMin("delay", **WINDOW)),
    Case("rolling std", lambda: RollingStd("delay", **WINDOW)),
    Case("rolling sum", lambda: RollingSum("seats", **WINDOW)),
    Case("rolling var", lambda: RollingVar("seats", **WINDOW)),
    Case("sample", lambda: Sample("40%", by="flight", seed=3)),
    Case("split", lambda: Split("flight", {"train": "80%", "test": "20%"})),
    Case("rules", lambda: Rules(*rules())),
    Case("unique", lambda: Rules(Unique("flight", within="10m", on="at"))),
    Case("scaled by sklearn", lambda: ScikitTransformer(sklearn_preprocessing.StandardScaler(), ("distance", "seats"))),
    Case(
        "components by sklearn",
        lambda: ScikitTransformer(decomposition.IncrementalPCA(1), ("distance", "seats"), ("first",), batch=8),
    ),
]


def rules() -> list[Any]:
    return [
        NotNull("delay", otherwise=Repair(0.0)),
        InRange("distance", 0, 5000, otherwise=LastGood(first=1.0)),
        InRange("seats", 60, 320, otherwise=Flag("odd_seats")),
        Matches("flight", r"UA \d+"),
        OneOf("origin", ("JFK", "EWR", "LGA")),
        Unique("flight", within="10m", on="at", otherwise=Flag("twice")),
    ]


RIVERS = [
    Case("select", lambda: compose.Select("seats", "delay", "at")),
    Case("drop", lambda: compose.Discard("seats", "at")),
    Case("rename", lambda: compose.Renamer({"seats": "places"})),
    Case("prefix", lambda: compose.Prefixer("flight_")),
    Case("suffix", lambda: compose.Suffixer("_of")),
    Case("select type", lambda: compose.Discard("delay") | compose.SelectType(float, str)),
    Case("function", lambda: compose.FuncTransformer(numbers_of)),
    Case("any function", lambda: compose.FuncTransformer(lambda x: {"a": x["seats"]}), known=False),
    Case(
        "union", lambda: numbers() + (compose.Select("seats") | preprocessing.StandardScaler()) + RollingCount(**WINDOW)
    ),
    Case("standard scaler", lambda: numbers() | preprocessing.StandardScaler()),
    Case("min max scaler", lambda: numbers() | preprocessing.MinMaxScaler()),
    Case("max abs scaler", lambda: numbers() | preprocessing.MaxAbsScaler()),
    Case("robust scaler", lambda: numbers() | preprocessing.RobustScaler()),
    Case("adaptive scaler", lambda: numbers() | preprocessing.AdaptiveStandardScaler()),
    Case("normalizer", lambda: numbers() | preprocessing.Normalizer()),
    Case("binarizer", lambda: compose.Select("distance", "seats", "origin") | preprocessing.Binarizer(500.0)),
    Case("fill with a constant", lambda: preprocessing.StatImputer(("delay", 0.0))),
    Case("fill with the mean", lambda: preprocessing.StatImputer(("delay", stats.Mean()))),
    Case("fill with the previous", preprocessing.PreviousImputer),
    Case("one hot", lambda: compose.Select("origin") | preprocessing.OneHotEncoder(), known=False),
    Case(
        "one hot of given categories",
        lambda: compose.Select("origin") | preprocessing.OneHotEncoder({"origin": {"JFK", "EWR", "LGA"}}),
    ),
    Case("ordinal", lambda: compose.Select("origin", "cancelled") | preprocessing.OrdinalEncoder()),
    Case("hashing trick", lambda: preprocessing.FeatureHasher(8, seed=1), known=False),
    Case("bag of words", lambda: feature_extraction.BagOfWords(on="flight"), known=False),
    Case("tf-idf", lambda: feature_extraction.TFIDF(on="flight"), known=False),
    Case("aggregate", lambda: compose.Discard("delay") | feature_extraction.Agg("seats", "origin", stats.Mean())),
    Case("scaler per origin", lambda: compose.Discard("delay", "flight") | scaled_seats() * "origin"),
    Case("projection", lambda: numbers() | preprocessing.GaussianRandomProjector(2, seed=1)),
]


def scaled_seats() -> Any:
    return compose.Select("seats") | preprocessing.StandardScaler()


CASES = OURS + RIVERS
