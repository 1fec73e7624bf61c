from __future__ import annotations

import subprocess
import sys

BUNDLE = """
import threading
from apache_beam.runners.worker.statesampler import StateSampler
from apache_beam.utils.counters import CounterFactory
from engine.flink.sampling import stop_sampling

for stop in (None, stop_sampling):
    if stop:
        stop()
    sampler = StateSampler("a bundle", CounterFactory())
    sampler.start()
    print(threading.active_count())
    sampler.stop_if_still_running()
"""


def test_a_bundle_starts_no_sampler_once_it_is_stopped() -> None:
    # in a process of its own, because what is stopped stays stopped
    done = subprocess.run([sys.executable, "-c", BUNDLE], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["2", "1"]
