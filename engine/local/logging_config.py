"""How the Java parts log: to their standard output, which the supervisor writes to one file a part and rotates."""

from __future__ import annotations

from pathlib import Path

from engine.local.home import Home

_CONFIG = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} - %m%n
logger.clients.name = org.apache.kafka.clients
logger.clients.level = WARN
logger.appinfo.name = org.apache.kafka.common.utils.AppInfoParser
logger.appinfo.level = ERROR
logger.netty.name = org.jboss.netty.channel.DefaultChannelPipeline
logger.netty.level = OFF
"""


def write_logging_config(home: Home) -> Path:
    """Write the configuration, and return its path."""
    path = home.config / "log4j.properties"
    path.write_text(_CONFIG)
    return path
