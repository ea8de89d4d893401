#!/bin/sh
# Makes what docker-compose.yml expects in secrets/: one file a secret, from the system's random generator. What is there stays.
# The three API keys are shown once: secrets/api_keys keeps their hashes only. So are the logins of the emulator's staff.
set -eu
cd "$(dirname "$0")/.."

# The folder is its owner's alone. The files are readable, since each process reads them under the user id of its container.
mkdir -p secrets
chmod 700 secrets
umask 022

absent() {
  if [ -e "secrets/$1" ]; then
    echo "secrets/$1 is there already" >&2
    return 1
  fi
}
# POSIX text files may not hold a newline here: some readers take it as part of the secret.
put() { printf '%s' "$2" > "secrets/$1.new" && mv "secrets/$1.new" "secrets/$1"; }

api_key() { printf 'mfa_%s_%s' "$1" "$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')"; }
# The third one: more members. Support and ops are trusted to say in X-Acting-Person which person acts.
api_key_entry() {
  hash=$(printf '%s' "$2" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
  printf '{"name": "%s", "hash": "sha256:%s", "role": "%s"%s}' "$1" "$hash" "$1" "${3:-}"
}
names_persons=', "namesPersons": true'

if absent postgres_password; then put postgres_password "$(openssl rand -hex 24)"; fi
if absent payload_keys; then put payload_keys "{\"$(date +%Y-%m-%d)\": \"$(openssl rand -base64 32)\"}"; fi
if absent id_key; then put id_key "$(openssl rand -base64 32)"; fi
if absent id_keys_previous; then put id_keys_previous "[]"; fi # what id_key was before, while it is rotated
if absent codec_auth_token; then put codec_auth_token "$(openssl rand -hex 32)"; fi
if absent auth0_client_secret; then
  put auth0_client_secret "$(openssl rand -hex 32)"
  echo "secrets/auth0_client_secret is made up: good for the emulator. For a real tenant put its application's secret there."
fi
if absent desk_client_secret; then put desk_client_secret "$(openssl rand -hex 32)"; fi # replace it by the one of DESK_CLIENT_ID
if absent api_keys; then
  onboarding=$(api_key onboarding)
  support=$(api_key support)
  ops=$(api_key ops)
  put api_keys "[$(api_key_entry onboarding "$onboarding"), $(api_key_entry support "$support" "$names_persons"), $(api_key_entry ops "$ops" "$names_persons")]"
  printf 'API keys, shown this once:\n  %s\n  %s\n  %s\n' "$onboarding" "$support" "$ops"
fi
# What the emulator has from its start on (EMULATOR_SETUP): our API, the support desk's application, and staff with two roles.
if absent emulator_setup; then
  api=https://enrollments.example.com
  granted() {
    first=
    for permission in "$@"; do
      printf '%s{"api": "%s", "permission": "%s"}' "$first" "$api" "$permission"
      first=', '
    done
  }
  support=$(openssl rand -hex 8)
  ops=$(openssl rand -hex 8)
  put emulator_setup "{
  \"apis\": [{\"identifier\": \"$api\", \"permissions\": [\"enrollments:read\", \"enrollments:code\", \"enrollments:manage\", \"enrollments:link\", \"webhooks:manage\", \"campaigns:manage\"]}],
  \"roles\": [
    {\"name\": \"support\", \"permissions\": [$(granted enrollments:read enrollments:code enrollments:manage enrollments:link)]},
    {\"name\": \"ops\", \"permissions\": [$(granted enrollments:read enrollments:manage enrollments:link webhooks:manage campaigns:manage)]}
  ],
  \"clients\": [{\"clientId\": \"mfa-desk-compose\", \"clientSecret\": \"$(cat secrets/desk_client_secret)\", \"callbacks\": [\"http://localhost:3000/desk/callback\"]}],
  \"users\": [
    {\"email\": \"support@example.com\", \"password\": \"$support\", \"roles\": [\"support\"]},
    {\"email\": \"ops@example.com\", \"password\": \"$ops\", \"roles\": [\"ops\"]}
  ]
}"
  printf "Logins of the emulator's staff, for the support desk, shown this once:\n  support@example.com %s\n  ops@example.com %s\n" "$support" "$ops"
fi
