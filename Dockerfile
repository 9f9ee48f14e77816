# The pipeline and its Airflow in one image; docker-compose.yml runs every service from it.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false \
    SCARF_ANALYTICS=false \
    DO_NOT_TRACK=1 \
    CVP_HOME=/var/lib/customer-value \
    AIRFLOW_HOME=/var/lib/customer-value/airflow \
    PYTHONPATH=/opt/customer-value

WORKDIR /opt/customer-value

# the pinned packages first: they change seldom, and the layer is large
COPY requirements.lock ./
RUN pip install -r requirements.lock

COPY pyproject.toml ./
COPY pipelines ./pipelines
COPY expectations ./expectations
COPY dbt_project ./dbt_project
COPY dags ./dags
RUN pip install --no-deps --no-build-isolation --editable . \
    && useradd --uid 50000 --user-group --create-home customer_value \
    && install --directory --owner=customer_value --group=customer_value --mode=0700 /var/lib/customer-value

# the code stays root's: what runs cannot change it
USER customer_value
VOLUME /var/lib/customer-value
CMD ["cvp", "--help"]
