#!/bin/sh
# What a PostgreSQL query says, as series: psql and curl. Run it from cron or a timer.
#
#   DATABASE_URL=postgresql://… DASHBOARD_URL=http://127.0.0.1:8888 DASHBOARD_TOKEN=… postgres.sh [QUERY.sql]
#
# The query's columns are series, value and, if there are any, unit; all other columns are labels. PostgreSQL itself writes
# the JSON, so no value can break it. Without a file: connections by state, and size and commits of each database.
set -eu
url=${DASHBOARD_URL:-http://127.0.0.1:8888}
every_s=${EVERY_S:-60}

if [ $# -gt 0 ]; then
  query=$(cat "$1")
else
  query="
    SELECT 'pg_connections' AS series, count(*)::float AS value, '' AS unit, coalesce(state, 'background') AS label
      FROM pg_stat_activity GROUP BY 4
    UNION ALL
    SELECT 'pg_database_size', pg_database_size(datname), 'B', datname FROM pg_database WHERE datallowconn
    UNION ALL
    SELECT 'pg_commits_total', xact_commit, '', datname FROM pg_stat_database WHERE datname IS NOT NULL"
fi

rows=$(psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "${DATABASE_URL:-}" --command "
  SELECT jsonb_build_object('series', r->'series', 'value', r->'value', 'unit', coalesce(r->>'unit', ''), 'every_s', $every_s,
    'labels', (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each_text(r)
               WHERE key NOT IN ('series', 'value', 'unit') AND value IS NOT NULL))
  FROM (SELECT to_jsonb(q) AS r FROM ($query) q) rows WHERE r->'value' <> 'null'")

[ -n "$rows" ] || exit 0
printf '%s\n' "$rows" | curl --silent --show-error --fail --output /dev/null --max-time 30 --retry 5 --retry-all-errors \
  --header "Idempotency-Key: $(hostname)-postgres-$(date +%s)-$$" \
  ${DASHBOARD_TOKEN:+--header "Authorization: Bearer $DASHBOARD_TOKEN"} \
  --data-binary @- "$url/api/v1/samples"
