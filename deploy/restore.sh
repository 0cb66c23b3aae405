#!/usr/bin/env bash
# Restore a backup of backup.sh to a place where nothing is, check it, and tell whom to erase again.
#
#   restore.sh BACKUP [--since HEAD] [--old GALLERY | --events FILE]
#
#   --since HEAD     noted elsewhere when the backup was made (or earlier); else the one beside it
#   --old GALLERY    the gallery that is replaced, where it can still be read
#   --events FILE    or what was kept of its audit by `twofold gallery audit --json`
#
# TWOFOLD_GALLERY is where to restore to; TWOFOLD_MASTER_KEY_FILE (or _COMMAND) names the master
# key of the time of the backup; TWOFOLD the program, `twofold` of the PATH when left out.
set -euo pipefail
umask 077
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$here/common.sh"

[[ $# -ge 1 ]] || die "which backup? Name its folder."
backup=$1 since='' old='' events=''
shift
while [[ $# -gt 0 ]]; do
    [[ $# -ge 2 ]] || die "$1: expected a value."
    case $1 in
        --since) since=$2 ;;
        --old) old=$2 ;;
        --events) events=$2 ;;
        *) die "$1: expected --since, --old or --events." ;;
    esac
    shift 2
done
target=${TWOFOLD_GALLERY:-}
[[ -n $target ]] || die "restore to where? Name it in TWOFOLD_GALLERY."
[[ -f $backup/SUMS ]] || die "$backup is no backup: SUMS is missing."
[[ -z $events || -r $events ]] || die "--events: $events cannot be read."
(cd "$backup" && sha256sum --check --strict --quiet SUMS) ||
    die "$backup is damaged. Take another backup."
noted=$(< "$backup/HEAD")

if in_postgres "$target"; then
    [[ -f $backup/gallery.dump ]] || die "the backup is of SQLite; TWOFOLD_GALLERY names PostgreSQL."
    empty "$target" || die "TWOFOLD_GALLERY has tables: nothing is overwritten. Name an empty database."
    fill "$target" "$backup/gallery.dump" "$(< "$backup/SCHEMA")"
    head=$(verified "$target" --since "${since:-$noted}") ||
        die "what was restored is not what was noted. Do not use it, and take another backup."
    ids() { sql "$target" "SELECT id FROM subject"; }
else
    [[ -f $backup/gallery.sqlite ]] || die "the backup is of PostgreSQL; TWOFOLD_GALLERY names a file."
    file=$(file_of "$target")
    for one in "$file" "$file-wal" "$file-shm"; do
        [[ ! -e $one ]] || die "$one exists: nothing is overwritten. Move it away, or name another place."
    done
    partial=$(mktemp "$file.XXXXXX")
    trap 'rm -f "$partial" "$partial-wal" "$partial-shm"' EXIT
    cp -- "$backup/gallery.sqlite" "$partial"
    head=$(verified "$partial" --since "${since:-$noted}") ||
        die "the backup is not what was noted. Nothing was restored: take another backup."
    sync -- "$partial"
    mv --no-clobber --no-target-directory -- "$partial" "$file"
    [[ ! -e $partial ]] || die "$file was made meanwhile: nothing is overwritten."
    ids() {
        python3 -c 'import sqlite3, sys
for (one,) in sqlite3.connect(sys.argv[1]).execute("SELECT id FROM subject"): print(one)' "$file"
    }
fi
say "Restored, and whole. Head, to be noted elsewhere: $head"
[[ -n $since ]] || say "It was held against the head beside it alone. --since checks it against one of yours."

if [[ -n $old ]]; then
    events=$(mktemp)
    trap 'rm -f "$events"' EXIT
    "$twofold" gallery audit --json --after "${head%%:*}" --limit 1000000000 --gallery "$old" > "$events" ||
        die "$old cannot be read: give --events FILE, or erase again from your own records."
fi
if [[ -z $events ]]; then
    say "Whoever was erased since is back. Nobody could be listed: erase them again from your own"
    say "records, or give --old or --events."
    exit 0
fi
ids | python3 "$here/since.py" "${head%%:*}" "$events"
say "API keys revoked since are valid again: twofold keys list"
