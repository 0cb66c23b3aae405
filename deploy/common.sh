# shellcheck shell=bash
# Shared by backup.sh and restore.sh, which read it; it does nothing by itself.

twofold=${TWOFOLD:-twofold}

say() { printf '%s\n' "$*"; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Whether a gallery is in PostgreSQL.
in_postgres() { [[ $1 == postgres* ]]; }

# The URL as PostgreSQL's own programs read it.
libpq() { printf '%s' "${1/#postgresql+psycopg:/postgresql:}"; }

# The path of a gallery in a file.
file_of() { printf '%s' "${1#sqlite:///}"; }

# One statement in PostgreSQL; rows without decoration.
sql() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \
    --dbname "$(libpq "$1")" --command "$2"; }

# Whether the schema that a URL leads to has no table yet.
empty() { [[ $(sql "$1" "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()") == 0 ]]; }

# Fill an empty schema, which is made where there is none, from a dump: everything or nothing.
fill() {
    local url=$1 dump=$2 schema=$3
    # It becomes part of a statement, and may come from a backup that others could write to.
    [[ $schema =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || die "schema '$schema': letters, digits and _ only."
    [[ $(sql "$url" "SELECT count(*) FROM pg_namespace WHERE nspname = '$schema'") == 1 ]] ||
        sql "$url" "CREATE SCHEMA \"$schema\""
    pg_restore --schema="$schema" --no-owner --no-privileges --single-transaction --exit-on-error \
        --dbname "$(libpq "$url")" "$dump"
}

# Open every record, hold the store against the audit, and print the head.
verified() {
    local url=$1 said
    shift
    said=$("$twofold" gallery audit --verify --gallery "$url" "$@") || {
        printf '%s\n' "$said" >&2
        return 1
    }
    grep -oE '[0-9]+:[0-9a-f]{64}' <<< "$said"
}
