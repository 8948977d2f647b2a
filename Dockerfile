# The server without a GPU. Build and run: see compose.yaml and docs/server.md.
FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /opt/cardiolex
# torch alone first: this layer is kept while the package changes. TORCH_INDEX is the address of an
# index of CPU builds; without it comes what the default index has, with gigabytes of CUDA.
ARG TORCH_INDEX=""
COPY constraints.txt ./
RUN /opt/cardiolex/bin/pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
    "$(grep '^torch==' constraints.txt)"
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN /opt/cardiolex/bin/pip install -c constraints.txt ".[serve,formats]"

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="cardiolex" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.description="ECG findings in plain words. Not a medical device."
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin cardiolex
COPY --from=build /opt/cardiolex /opt/cardiolex
ENV PATH=/opt/cardiolex/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp \
    HF_HUB_OFFLINE=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/v1/ready', timeout=4)"]
ENTRYPOINT ["cardiolex", "serve", "--host", "0.0.0.0", "--port", "8000"]
