#!/usr/bin/env bash
# MotionSight on Dataflow, with docker and gcloud. From the repository's root:
#
#   deploy/dataflow/deploy.sh images      build and push the workers' and the template's image
#   deploy/dataflow/deploy.sh template    write the flex template's file
#   deploy/dataflow/deploy.sh notify      have the bucket tell a Pub/Sub subscription of new objects
#   deploy/dataflow/deploy.sh stream      annotate what comes
#   deploy/dataflow/deploy.sh batch       annotate what is there
#
# docs/dataflow.md says what these variables are, and which roles the accounts need.
set -euo pipefail

case "${1:-}" in
    images | template | notify | stream | batch) ;;
    *)
        sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//; p}' "$0"
        exit 2
        ;;
esac

: "${PROJECT:?the project to run in}" "${REGION:?such as europe-west4}"
: "${VIDEOS:?bucket of the videos, without gs://}" "${STAGING:?bucket for templates, jobs and staged rows}"
DATASET="${DATASET:-motionsight}"
REPOSITORY="${REPOSITORY:-motionsight}"
VERSION="${VERSION:-latest}"
EXTRAS="${EXTRAS:---extra gcp}" # with an MLLM on the workers: "--extra gcp --extra models"
PREFIX="${PREFIX:-}"            # of the videos' names
SETTINGS="${SETTINGS:-}"        # gs://.../settings.toml
ACCOUNT="${ACCOUNT:-motionsight@$PROJECT.iam.gserviceaccount.com}"
NETWORK="${NETWORK:-}" # --subnetwork=..., where the default network is not to be used

IMAGES="$REGION-docker.pkg.dev/$PROJECT/$REPOSITORY"
WORKER="$IMAGES/worker:$VERSION"
TEMPLATE="gs://$STAGING/templates/motionsight-$VERSION.json"
SUBSCRIPTION="motionsight-$VIDEOS"

images() {
    docker build --build-arg "EXTRAS=$EXTRAS" -t "$WORKER" .
    docker push "$WORKER"
    docker build -f deploy/dataflow/Dockerfile --build-arg "WORKER=$WORKER" \
        -t "$IMAGES/template:$VERSION" deploy/dataflow
    docker push "$IMAGES/template:$VERSION"
}

template() {
    gcloud dataflow flex-template build "$TEMPLATE" --project "$PROJECT" \
        --image "$IMAGES/template:$VERSION" --sdk-language PYTHON \
        --metadata-file deploy/dataflow/metadata.json
}

notify() {
    gcloud pubsub topics create "$SUBSCRIPTION" --project "$PROJECT"
    # Unread messages are kept for a week, and the subscription for ever.
    gcloud pubsub subscriptions create "$SUBSCRIPTION" --project "$PROJECT" --topic "$SUBSCRIPTION" \
        --ack-deadline 600 --message-retention-duration 7d --expiration-period never
    gcloud storage buckets notifications create "gs://$VIDEOS" --topic "projects/$PROJECT/topics/$SUBSCRIPTION" \
        --event-types OBJECT_FINALIZE --payload-format json ${PREFIX:+--object-prefix "$PREFIX"}
}

run_template() { # NAME PARAMETER...
    local name="$1" parameter
    shift
    local arguments=()
    for parameter in "warehouse=bigquery:$PROJECT.$DATASET?staging=gs://$STAGING/rows" \
        "sdk_container_image=$WORKER" ${SETTINGS:+"settings=$SETTINGS"} "$@"; do
        arguments+=(--parameters "$parameter")
    done
    gcloud dataflow flex-template run "$name" --project "$PROJECT" --region "$REGION" \
        --template-file-gcs-location "$TEMPLATE" --service-account-email "$ACCOUNT" \
        --temp-location "gs://$STAGING/temp" --staging-location "gs://$STAGING/jobs" \
        --disable-public-ips ${NETWORK:+"$NETWORK"} "${arguments[@]}"
}

stream() {
    run_template "motionsight-$VIDEOS" "subscription=projects/$PROJECT/subscriptions/$SUBSCRIPTION"
}

batch() {
    run_template "motionsight-$VIDEOS-$(date +%Y%m%d-%H%M%S)" "source=gs://$VIDEOS/$PREFIX"
}

"$1"
