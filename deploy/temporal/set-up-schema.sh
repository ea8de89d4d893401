#!/bin/sh
# Makes Temporal's two databases and brings their schemas to the version of this image. Runs at each start; does only what is missing.
set -eu

SQL_PASSWORD="$(cat /run/secrets/postgres_password)"
export SQL_PASSWORD # with SQL_HOST, SQL_PORT, SQL_USER and SQL_PLUGIN what temporal-sql-tool reads

versions=${SCHEMA_FOLDER:-/etc/temporal/schema/postgresql/v12}
for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%%:*}
  temporal-sql-tool --db "$database" create
  temporal-sql-tool --db "$database" setup-schema -v 0.0
  temporal-sql-tool --db "$database" update-schema -d "$versions/${pair#*:}/versioned"
done
