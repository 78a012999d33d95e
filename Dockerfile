# The command line, and a Beam SDK worker: `docker run IMAGE annotate ...`, or as a runner's
# sdk_container_image. Versions here and in uv.lock are held together by tests/test_packaging.py.
FROM apache/beam_python3.11_sdk:2.77.0 AS beam

FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /src
ENV UV_PROJECT_ENVIRONMENT=/opt/motionsight UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
COPY pyproject.toml uv.lock README.md LICENSE ./
# Dependencies first: they change less often than the code, and this layer is the large one.
ARG EXTRAS=""
RUN uv sync --frozen --no-install-project ${EXTRAS}
COPY motionsight_core motionsight_core
COPY transforms transforms
COPY flows flows
RUN uv sync --frozen --no-editable ${EXTRAS}

FROM python:3.11-slim-bookworm
COPY --from=build /opt/motionsight /opt/motionsight
COPY --from=beam /opt/apache/beam /opt/apache/beam
COPY deploy/docker/entrypoint.sh /usr/local/bin/motionsight-entrypoint
ENV PATH=/opt/motionsight/bin:$PATH PYTHONUNBUFFERED=1
# A volume takes over whose the folder is: those of deploy/ are mounted at these two.
RUN useradd --create-home motionsight && install -d -o motionsight -g motionsight /data /models
USER motionsight
WORKDIR /home/motionsight
ENTRYPOINT ["/usr/local/bin/motionsight-entrypoint"]
CMD ["--help"]
