"""Jobs: workflows that run on Flink; start them, follow them, stop them."""
