"""`make flames`: where the time goes while a pipeline learns, as flame graphs of the worker and of the TaskManager.

Both are sampled at once for some seconds in the middle of a run, after one that does not count. Wide is what takes
long; only what runs on a CPU is shown, not what waits.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

import psutil

from benchmarks.filling import fill
from benchmarks.headrace_job import finished, measured, submit, workflow
from benchmarks.peer import PYTHON, ROOT
from benchmarks.peers.tasks import TASKS
from engine.flink.configuration import JobSettings
from engine.flink.rest import FlinkRest
from engine.jars import java, profiling_jars
from engine.local.leftovers import processes_of
from engine.local.platform import down, up
from engine.settings import Addresses, Settings
from schemas.errors import Fatal

FOLDER = ROOT / "docs" / "flames"
_LIBRARY = "linux-x64/libasyncProfiler.so"
_AT_WORK = ".*process_bundle.*"  # the one of the worker's threads that frames go through
_WAITING = ".*Condition.wait .*"
_WARM_S = 4  # from the first look at the worker's process to its frames being learned at their usual pace
_PATIENCE_S = 60.0


def main() -> None:
    arguments = _arguments()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="headrace-flames-") as folder:
        settings = Settings.load(home=Path(folder))
        up(settings)
        try:
            _measure(settings, arguments)
        finally:
            down(settings)
    print(f"written: {FOLDER}")


def _measure(settings: Settings, arguments: argparse.Namespace) -> None:
    task = TASKS[arguments.task]
    stream = fill(settings, task, arguments.records, print)
    measured(stream, settings, task, print)
    flow = workflow(f"flames_{time.time_ns() // 1_000_000}", stream, task)
    submitted_at = time.time()
    job_id = submit(flow, settings, JobSettings(checkpoint_every="2 s", bounded=True))
    worker = _process(settings.home, "beam_boot", submitted_at)
    task_manager = _process(settings.home, "TaskManagerRunner")
    time.sleep(_WARM_S)
    sample(worker, task_manager, arguments.seconds, task.name, settings.home)
    with FlinkRest(Addresses.find(settings).flink) as flink:
        finished(flink, job_id)


def sample(worker: int, task_manager: int, seconds: int, name: str, scratch: Path) -> None:
    """Sample the two processes for so long, and write their graphs. Raises Fatal."""
    agent, converter = profiling_jars()
    library, stacks = scratch / Path(_LIBRARY).name, scratch / "worker.collapsed"
    with zipfile.ZipFile(agent) as jar:
        library.write_bytes(jar.read(_LIBRARY))
    _agent(task_manager, library, "start,event=ctimer,interval=5ms")
    spy = [PYTHON.with_name("py-spy"), "record", "--pid", worker, "--duration", seconds]
    _run(*spy, "--rate", 200, "--format", "raw", "--output", stacks)
    _agent(task_manager, library, f"stop,file={FOLDER / name}-taskmanager.html,title={name}: TaskManager")
    drawn = ["--include", _AT_WORK, "--exclude", _WAITING, "--title", f"{name}: worker"]
    _run(java(), "-jar", converter, *drawn, stacks, FOLDER / f"{name}-worker.html")


def _agent(pid: int, library: Path, said: str) -> None:
    _run(java().with_name("jcmd"), pid, "JVMTI.agent_load", library, f'"{said}"')


def _run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fatal(f"{command[0]} ended with {done.returncode}: {done.stderr or done.stdout}")


def _process(home: Path, part_of_command: str, since: float = 0.0) -> int:
    """The process of the platform in `home` with a command like this, once there is one.

    The worker of a job before may still be there: `since`, in s since the epoch, leaves it out.
    """
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        for process in processes_of(home):
            if process.create_time() >= since and part_of_command in " ".join(_command(process)):
                return process.pid
        time.sleep(0.2)
    raise Fatal(f'no process "{part_of_command}" within {_PATIENCE_S:.0f} s')


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flames", description=__doc__)
    parser.add_argument("--task", default="pages", choices=TASKS, help="what is learned")
    parser.add_argument("--records", type=int, default=3_000_000, help="records of the stream")
    parser.add_argument("--seconds", type=int, default=8, help="how long to sample")
    return parser.parse_args()


if __name__ == "__main__":
    main()
