#!/bin/sh
# Makes .venv ready. `scripts/setup.sh train` is enough for the demo, `scripts/setup.sh train,dev` for tests and checks.
#
# Needs Python 3.11+ and a package index, once: a stamp in .venv says what it was made from, and a second call ends
# at once. Variables:
#   PYTHON       the Python to use; otherwise the first of python3, python3.13, ... that is new enough
#   TORCH_INDEX  a further package index for torch, such as the one with the CPU builds (README, "Install")
set -u
cd "$(dirname "$0")/.." || exit 70

extras=${1:-train,dev}
venv=.venv
stamp=$venv/.made-for-$extras
needed_mb=3000 # torch's CPU build and the rest unpacked; a build for GPUs needs about 8000

main() {
    is_ready && exit 0
    log=$(mktemp) || fail "no disk space" "the folder for temporary files cannot be written" "free some space there, or set TMPDIR"
    trap 'rm -f "$log"' EXIT
    if ! usable_venv; then
        find_python
        check_disk
        echo "unetkit: making $venv with $("$python" -V 2>&1) for [$extras]; this is done once" >&2
        run "making $venv" "$python" -m venv --clear "$venv"
    fi
    install
    contents >"$stamp"
    echo "unetkit: $venv is ready" >&2
}

# --- the stamp ------------------------------------------------------------------------------------------------------

contents() {
    pwd -P # a virtual environment does not survive a move
    cksum <pyproject.toml
    cksum <constraints.txt
}

is_ready() {
    made=$(contents)
    holds "$stamp" && return 0
    [ "$extras" = train ] && holds "$venv/.made-for-train,dev" # tests hold all that the demo needs
}

holds() {
    [ -f "$1" ] && [ "$(cat "$1")" = "$made" ]
}

usable_venv() {
    for extra in "$venv"/.made-for-*; do
        [ -f "$extra" ] && [ "$(head -n 1 "$extra")" != "$(pwd -P)" ] && return 1
    done
    new_enough "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

# --- Python ---------------------------------------------------------------------------------------------------------

find_python() {
    seen=""
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
        new_enough "$python" && return
        version=$("$python" -V 2>&1) && seen="$seen$python is $version; "
    done
    fail "unetkit needs Python 3.11 or newer" "${seen:-no Python on the PATH}" \
        "install one, and name it if it is not on the PATH: make test PYTHON=/path/to/python3.12"
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# --- packages -------------------------------------------------------------------------------------------------------

check_disk() {
    free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free_mb" -ge "$needed_mb" ] || no_disk "$free_mb MB free, about $needed_mb MB needed"
}

install() {
    # torch is pinned without the suffix of a build, so that whatever build an index offers fits.
    PIP_CONSTRAINT="constraints.txt${PIP_CONSTRAINT:+ $PIP_CONSTRAINT}"
    PIP_BUILD_CONSTRAINT=constraints.txt
    PIP_DEFAULT_TIMEOUT=${PIP_DEFAULT_TIMEOUT:-30}
    export PIP_CONSTRAINT PIP_BUILD_CONSTRAINT PIP_DEFAULT_TIMEOUT
    run "installing the packages" "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} --editable ".[$extras]"
}

# Runs a command; says every five seconds what it is at, and explains why it failed.
run() {
    what=$1
    shift
    echo "unetkit: $what" >&2
    "$@" >"$log" 2>&1 &
    job=$!
    trap 'kill $job 2>/dev/null; exit 130' INT TERM # a job in the background does not hear Ctrl-C by itself
    seconds=0
    while kill -0 $job 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        [ $((seconds % 5)) -eq 0 ] && printf '  %3d s  %s\n' $seconds "$(latest)" >&2
    done
    wait $job || explain "$what"
}

latest() {
    sed -n 's/^ *\(\(Collecting\|Downloading\|Preparing\|Building\|Installing\) .*\)/\1/p' "$log" | tail -n 1 | cut -c 1-100
}

explain() {
    if grep -qE 'No space left on device|Disk quota exceeded' "$log"; then
        no_disk "$(grep -E 'No space left|quota' "$log" | head -n 1)"
    elif grep -qE 'ensurepip is not|No module named venv' "$log"; then
        fail "this Python cannot make virtual environments" "$python" \
            "install its venv package (Debian and Ubuntu: apt install python3-venv)"
    elif reason=$(grep -oE "Failed to (resolve|establish)[^')]*|Temporary failure in name resolution|[a-z ]*timed out" "$log"); then
        no_packages "no network: the packages could not be fetched" "$(echo "$reason" | head -n 1)"
    elif grep -qE 'No matching distribution|ResolutionImpossible' "$log"; then
        no_packages "no network, or an index without these packages: nothing fits constraints.txt" "$(grep -o 'ERROR: .*' "$log" | head -n 1)"
    else
        tail -n 20 "$log" >&2
        fail "$1 failed" "the end of the output stands above" "mend what it names, and run the same command again"
    fi
}

no_packages() {
    fail "$1" "${PIP_INDEX_URL:-the package index of pip}: $2" \
        "connect, or point pip at an index that can be reached (PIP_INDEX_URL), and run the same command again"
}

no_disk() {
    fail "no disk space for the packages" "$1 (here: $(pwd -P); temporary files: ${TMPDIR:-/tmp})" \
        "free some space, or set TMPDIR to a folder that has it, and run the same command again"
}

# One block: what, where, what to do. Code 3 says that it was the machine.
fail() {
    printf '\n%s\n  where:  %s\n  do:     %s\n\n' "$1" "$2" "$3" >&2
    exit 3
}

main
