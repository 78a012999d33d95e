#!/bin/sh
# A Beam runner starts its workers with --id=..., a pool with --worker_pool; people give a command.
set -eu
case "${1:-}" in
    --id=* | --id | --worker_pool) exec "${BEAM_BOOT:-/opt/apache/beam/boot}" "$@" ;;
    *) exec motionsight "$@" ;;
esac
