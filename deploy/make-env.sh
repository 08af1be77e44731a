#!/bin/sh
# Draws the passwords and tokens of compose.yaml once, into a file that only you can read.
set -eu
cd "$(dirname "$0")"
if [ -e .env ]; then
  echo ".env is there already; remove it first if every password is to be drawn anew." >&2
  exit 1
fi
umask 077
for name in COLLECTOR_PASSWORD AGENT_PASSWORD INFLUX_PASSWORD INFLUX_TOKEN GRAFANA_PASSWORD; do
  printf '%s=%s\n' "$name" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
done > .env
echo "Wrote $(pwd)/.env. Log in to Grafana as admin with GRAFANA_PASSWORD."
