#!/bin/sh
# Makes the secrets that the compose files name, in docker/secrets. What is there already stays as it is.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

random() { od -An -v -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# The files can be read by all, since a container's user is not the one of this machine; the directory keeps others out.
keep() {
  [ -e "$1" ] || printf '%s\n' "$2" >"$1"
  chmod 0444 "$1"
}

keep admin-key "$(random)"
keep master-key "$(random)"
keep mongodb-admin-password "$(random)"
keep mongodb-password "$(random)"
keep event-store-password "$(random)"

eventstore=$(cat event-store-password)
authority=/certificates/authority/ca.crt
nodes="eventstore-1:2113,eventstore-2:2113,eventstore-3:2113"
members="mongodb-1:27017,mongodb-2:27017,mongodb-3:27017"
options="replicaSet=faultline&authSource=admin&tls=true&tlsCAFile=$authority"

keep event-store-url "esdb+discover://admin:$eventstore@$nodes?nodePreference=leader&tls=true&tlsCAFile=$authority"
keep read-store-url "mongodb://faultline:$(cat mongodb-password)@$members/faultline?$options"
keep mongodb-admin-url "mongodb://admin:$(cat mongodb-admin-password)@$members/?$options"

# EventStoreDB takes its first passwords from its environment only.
keep eventstore.env "EVENTSTORE_DEFAULT_ADMIN_PASSWORD=$eventstore
EVENTSTORE_DEFAULT_OPS_PASSWORD=$(random)"
