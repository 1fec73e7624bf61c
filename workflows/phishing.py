"""Does this web page phish? The smallest workflow: one stream, one model, its predictions."""

from river import compose, linear_model, preprocessing

from engine import Workflow
from sinks import ModelStore, Topic
from sources import KafkaTopic

flow = Workflow("phishing", order="event_time")
pages = flow.source("pages", KafkaTopic("pages", schema="phishing", event_time="seen_at"))
signs = flow.pipeline("signs", pages, compose.Discard("seen_at"))
classifier = preprocessing.StandardScaler() | linear_model.LogisticRegression()
model = flow.pipeline("model", signs, classifier, label="is_phishing")
flow.sink("phishing", model, ModelStore("phishing", every="1s"))
flow.sink("predictions", model, Topic("page_predictions"))
