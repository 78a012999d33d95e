#!/bin/sh
# Makes the bucket, the work pool and the deployments. Safe to run again: what is there is updated.
set -eu
deploy="$(dirname "$0")/.."

python "$deploy/compose/make_bucket.py" "${BUCKET:-clips}"
prefect --no-prompt work-pool create motionsight --type process --overwrite \
    --base-job-template "$deploy/work_pools/process.json"
prefect --no-prompt deploy --all --prefect-file "$deploy/prefect.yaml"
