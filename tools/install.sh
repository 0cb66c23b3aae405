#!/usr/bin/env bash
# Makes .venv and fills it with the packages pinned in constraints.txt; does nothing when it is
# already right. Called by make. Writes nothing outside the repository, except that it installs
# Debian's venv package where that is missing and it may.
#
#   PYTHON=...  the Python to use (3.11, 3.12 or 3.13); else the first fitting one on the PATH
#   EXTRAS=...  optional parts of the package, default "train,serve,dev,dlib,postgres"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
stamp=$venv/.installed      # written last: what was installed
started=$venv/.installing   # there while an install runs
extras=${EXTRAS:-train,serve,dev,dlib,postgres}

say() { printf 'install: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Prints the version of a Python ("3.12") if it runs and is one that Twofold supports.
supported() {
    "$@" -c 'import sys
v = sys.version_info
print("%d.%d" % v[:2])
sys.exit(not (3, 11) <= v[:2] < (3, 14))' 2>/dev/null
}

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        supported "$PYTHON" >/dev/null ||
            fail "PYTHON=$PYTHON does not run or is not Python 3.11, 3.12 or 3.13; name another."
        printf '%s\n' "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11; do
        if supported "$candidate" >/dev/null; then printf '%s\n' "$candidate"; return; fi
    done
    fail "no Python 3.11, 3.12 or 3.13 found; install one, or name it: make install PYTHON=/path/to/python3"
}

# What must be true of an installed .venv; it holds the folder because a venv cannot be moved.
wanted() {
    printf 'folder %s\npython %s\nextras %s\n' "$PWD" "$1" "$extras"
    cksum pyproject.toml constraints.txt tools/install.sh
}

up_to_date() {
    local version
    [ -f "$stamp" ] && version=$(supported "$venv/bin/python") || return 1
    if [ -n "${PYTHON:-}" ] && [ "$(supported "$PYTHON")" != "$version" ]; then return 1; fi
    [ "$(cat "$stamp")" = "$(wanted "$version")" ]
}

need_venv_module() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    local package get
    package="python$(supported "$1")-venv"
    get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
    if [ "$(id -u)" -ne 0 ]; then get=(sudo -n "${get[@]}"); fi
    if command -v apt-get >/dev/null &&
        { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
        say "$1 has no venv module; installing Debian's package $package"
        { "${get[@]}" install "$package" || { "${get[@]}" update && "${get[@]}" install "$package"; }; } >&2 ||
            fail "could not install $package; install it by hand, then run make again."
    else
        fail "$1 has no venv module; install it (on Debian: apt-get install $package), then run make again."
    fi
}

# Whether .venv can be filled further. One that was interrupted cannot: starting over is cheap (pip
# keeps what it downloaded) and sure (pip takes a half-unpacked package for whole).
reusable() {
    local version
    [ -d "$venv" ] || return 1
    if [ -e "$started" ]; then
        say "the last install did not finish; starting over"
    elif ! version=$(supported "$venv/bin/python"); then
        say "$venv is broken; making it anew"
    elif [ -n "${PYTHON:-}" ] && [ "$(supported "$PYTHON")" != "$version" ]; then
        say "$venv holds Python $version; making it anew"
    elif [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" != "folder $PWD" ]; then
        say "$venv was made in another folder; making it anew"
    else
        return 0
    fi
    return 1
}

make_venv() {
    need_venv_module "$1"
    rm -rf "$venv"
    mkdir "$venv"
    : >"$started"
    "$1" -m venv "$venv" || fail "$1 -m venv $venv failed (see above)."
}

main() {
    local python quiet=()
    up_to_date && return
    # One install at a time; pip inherits the lock, so that it holds for as long as pip lives.
    if command -v flock >/dev/null; then
        exec 9<pyproject.toml
        flock -n 9 || { say "another install is running here; waiting for it"; flock 9; }
        up_to_date && return
    fi

    if reusable; then
        : >"$started"
        rm -f "$stamp"
    else
        python=$(choose_python)
        make_venv "$python"
    fi
    [ -t 1 ] || quiet=(--quiet)
    say "filling $venv with $("$venv/bin/python" --version) (about 2 GB; a few minutes the first time)"
    "$venv/bin/python" -m pip install ${quiet[@]+"${quiet[@]}"} --disable-pip-version-check \
        --no-input --prefer-binary -c constraints.txt -e ".[$extras]" ||
        fail "pip could not install the packages (see above); run make again to go on."
    "$venv/bin/python" -c 'import twofold' || fail "twofold cannot be imported (see above)."
    wanted "$(supported "$venv/bin/python")" >"$stamp"
    rm -f "$started"
    say "done"
}

main
