"""A Flink cluster inside the JVM of this process: for tests, which it saves the start of a cluster and of workers."""

from __future__ import annotations

from engine.flink.gateway import jvm

SLOTS = 4
_LOOPBACK = "127.0.0.1"
_HOSTS = ("rest.address", "rest.bind-address", "jobmanager.rpc.address", "jobmanager.bind-host")
_TASK_HOSTS = ("taskmanager.host", "taskmanager.bind-host")


class MiniCluster:
    """A running cluster, which answers at `url` as a session cluster does; it lives as long as the JVM."""

    def __init__(self) -> None:
        configuration = jvm().org.apache.flink.configuration.Configuration()
        for name in (*_HOSTS, *_TASK_HOSTS):
            configuration.setString(name, _LOOPBACK)
        configuration.setString("rest.bind-port", "0")
        minicluster = jvm().org.apache.flink.runtime.minicluster
        builder = minicluster.MiniClusterConfiguration.Builder().setConfiguration(configuration)
        cluster = minicluster.MiniCluster(builder.setNumSlotsPerTaskManager(SLOTS).build())
        cluster.start()
        self.url = str(cluster.getRestAddress().get().toString())
