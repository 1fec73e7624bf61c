"""What one would write without Headrace: a FastAPI endpoint that calls a river model."""

from __future__ import annotations

import argparse
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from river import datasets, linear_model, preprocessing


class Page(BaseModel):
    empty_server_form_handler: float
    popup_window: float
    https: float
    request_from_other_domain: float
    anchor_from_other_domain: float
    is_popular: float
    long_url: float
    age_of_domain: float
    ip_in_url: float


class Answer(BaseModel):
    prediction: bool
    probability: float


def trained() -> Any:
    """The model that both sides serve."""
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    for x, y in datasets.Phishing():
        model.learn_one(x, y)
    return model


def create_app() -> FastAPI:
    app, model = FastAPI(), trained()

    @app.post("/predict")
    async def predict(page: Page) -> Answer:
        probability = model.predict_proba_one(page.model_dump())[True]
        return Answer(prediction=probability > 0.5, probability=probability)

    return app


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    uvicorn.run(create_app(), port=arguments.parse_args().port, access_log=False, log_config=None)
