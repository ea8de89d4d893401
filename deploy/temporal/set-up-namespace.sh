#!/bin/sh
# Makes the namespace and its search attributes, and waits until queries with them are taken. Does only what is missing.
# Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, as the temporal command does.
set -eu

# How long a closed case can still be looked up.
retention=168h
tries=60

until_done() {
  what=$1
  shift
  count=1
  until "$@" > /dev/null 2>&1; do
    if [ "$count" -ge "$tries" ]; then
      echo "gave up: $what" >&2
      "$@" # once more, for its message
      exit 1
    fi
    count=$((count + 1))
    sleep 1
  done
  echo "done: $what"
}

there() { temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE"; }
namespace() { there || temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"; }

known() { temporal operator search-attribute list | grep -Eq "^ *$1 +$2 *\$"; }
attribute() { known "$1" "$2" || temporal operator search-attribute create --name "$1" --type "$2"; }

until_done "Temporal answers at $TEMPORAL_ADDRESS" temporal operator cluster health
until_done "namespace $TEMPORAL_NAMESPACE" namespace
until_done "search attribute MfaState" attribute MfaState Keyword
until_done "search attribute MfaFactor" attribute MfaFactor Keyword
until_done "search attribute MfaDeadline" attribute MfaDeadline Datetime
until_done "search attribute MfaWaitingFor" attribute MfaWaitingFor Keyword
until_done "search attribute MfaOwner" attribute MfaOwner Keyword
until_done "search attribute MfaPhoneNumber" attribute MfaPhoneNumber Keyword
until_done "search attributes in queries" temporal workflow count \
  --query 'MfaState IS NOT NULL OR MfaFactor IS NOT NULL OR MfaDeadline IS NOT NULL OR MfaWaitingFor IS NOT NULL OR MfaOwner IS NOT NULL OR MfaPhoneNumber IS NOT NULL'
