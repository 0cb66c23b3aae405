#!/usr/bin/env bash
# Back up a gallery while it is in use, and open the copy to see that it is whole.
#
#   backup.sh FOLDER
#
# The environment tells the rest, as it does all of Twofold's commands:
#   TWOFOLD_GALLERY          a file, or postgresql://USER@HOST/DATABASE
#   TWOFOLD_MASTER_KEY_FILE  (or _COMMAND) checks the copy; the key itself is never copied
# and for this script:
#   TWOFOLD                  the program; `twofold` of the PATH when left out
#   TWOFOLD_SCRATCH          PostgreSQL: URL of an empty database, where the copy is opened
#   TWOFOLD_KEEP_DAYS        remove older backups from FOLDER, after this one is whole
#
# FOLDER/twofold-TIME holds the copy, HEAD (the end of its audit: note it elsewhere) and SUMS.
set -euo pipefail
umask 077
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "$(readlink -f "$0")")/common.sh"

[[ $# == 1 ]] || die "expected one argument: the folder for backups."
[[ -n ${TWOFOLD_GALLERY:-} ]] || die "which gallery? Name it in TWOFOLD_GALLERY."
folder=$(readlink -f "$1")
[[ -d $folder ]] || die "$1 is no folder. Make it, for this user alone: mkdir -m 700 $1"
if [[ -n ${TWOFOLD_MASTER_KEY_FILE:-} ]]; then
    [[ $(readlink -f "$TWOFOLD_MASTER_KEY_FILE") != "$folder"/* ]] ||
        die "the master key lies in $folder: who takes the backups could read them. Move it away."
fi

name=twofold-$(date --utc +%Y%m%dT%H%M%SZ)
[[ ! -e $folder/$name ]] || die "$folder/$name exists: another backup was faster. Try again."
partial=$(mktemp --directory "$folder/.$name.XXXXXX")
trap 'rm -rf "$partial"' EXIT

if in_postgres "$TWOFOLD_GALLERY"; then
    schema=$(sql "$TWOFOLD_GALLERY" "SELECT current_schema()")
    # Without a place to open the copy: the head of the gallery, which the dump then contains.
    [[ -n ${TWOFOLD_SCRATCH:-} ]] || head=$(verified "$TWOFOLD_GALLERY")
    pg_dump --format=custom --schema="$schema" --no-owner --no-privileges \
        --file "$partial/gallery.dump" --dbname "$(libpq "$TWOFOLD_GALLERY")"
    printf '%s\n' "$schema" > "$partial/SCHEMA"
    if [[ -n ${TWOFOLD_SCRATCH:-} ]]; then
        empty "$TWOFOLD_SCRATCH" || die "TWOFOLD_SCRATCH has tables. Name an empty database."
        trap 'rm -rf "$partial"; sql "$TWOFOLD_SCRATCH" "DROP SCHEMA \"$schema\" CASCADE" 2> /dev/null' EXIT
        fill "$TWOFOLD_SCRATCH" "$partial/gallery.dump" "$schema"
        head=$(verified "$TWOFOLD_SCRATCH")
    else
        pg_restore --file /dev/null "$partial/gallery.dump" # reads it to the end
        say "The copy was not opened: name an empty database in TWOFOLD_SCRATCH to have it checked."
    fi
else
    file=$(file_of "$TWOFOLD_GALLERY")
    [[ -f $file ]] || die "the gallery $file is not there. Check TWOFOLD_GALLERY."
    python3 - "$file" "$partial/gallery.sqlite" <<'PYTHON'
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

live, copy = (Path(one).absolute().as_uri() for one in sys.argv[1:])
with (
    closing(sqlite3.connect(f"{live}?mode=rw", uri=True, timeout=60)) as source,
    closing(sqlite3.connect(copy, uri=True)) as target,
):
    source.backup(target)  # in one step: one state, while others go on writing
PYTHON
    head=$(verified "$partial/gallery.sqlite")
fi

printf '%s\n' "$head" > "$partial/HEAD"
(cd "$partial" && sha256sum -- * > SUMS && sync -- *)
mv --no-target-directory "$partial" "$folder/$name"
sync -- "$folder"

if [[ -n ${TWOFOLD_KEEP_DAYS:-} ]]; then
    find "$folder" -mindepth 1 -maxdepth 1 -type d -name 'twofold-????????T??????Z' \
        -not -name "$name" -mtime +"$TWOFOLD_KEEP_DAYS" -exec rm -rf -- {} +
fi
say "Backup: $folder/$name"
say "Head, to be noted elsewhere: $head"
