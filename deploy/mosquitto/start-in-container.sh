#!/bin/sh
# Starts mosquitto in its container: makes the password file from the environment, then becomes the broker.
set -eu
umask 077
conf=/etc/millwatt-mosquitto
passwords=/etc/mosquitto/millwatt.passwd
: "${COLLECTOR_PASSWORD:?}" "${AGENT_PASSWORD:?}"
printf 'collector:%s\nhall-1:%s\n' "$COLLECTOR_PASSWORD" "$AGENT_PASSWORD" > "$passwords"
# Hashes the file in place, so that no password appears among the arguments of a process.
mosquitto_passwd -U "$passwords"
unset COLLECTOR_PASSWORD AGENT_PASSWORD
cp "$conf/acl" /etc/mosquitto/millwatt.acl
chown mosquitto:mosquitto "$passwords" /etc/mosquitto/millwatt.acl /var/lib/mosquitto
exec mosquitto -c "$conf/mosquitto.conf"
