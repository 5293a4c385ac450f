#!/bin/sh
# Proves a compose file against real servers: the contract suites, then the main job (a log is imported there and into the embedded
# stores, and every report compared), each on new volumes that are removed afterwards. Needs Docker; no other volume is touched.
# usage: check.sh embedded|single-node|cluster LOG FORMAT
set -eu

[ $# -eq 3 ] || {
  sed -n 's/^# usage: /usage: /p' "$0" >&2
  exit 2
}
stack=$1
log=$(realpath -- "$2")
format=$3
here=$(dirname -- "$(realpath -- "$0")")
file="$here/compose.$stack.yaml"
[ -f "$file" ] || { echo "there is no $file" >&2 && exit 2; }
[ -f "$log" ] || { echo "$log is no file" >&2 && exit 2; }

compose() { docker compose --project-name "faultline-check-$stack" --file "$file" --profile check "$@"; }
remove() { compose down --volumes --remove-orphans --timeout 30; }

failed() {
  compose ps --all
  compose logs --tail 100
}

# The first step's dependencies are the stores, so that no projector meets what the suites write.
run() {
  compose run --rm "$@" || { failed && exit 1; }
}

"$here/secrets.sh"
trap remove EXIT INT TERM
remove
compose build
if [ "$stack" != embedded ]; then
  run contract
  remove
fi
run --volume "$log:/log/${log##*/}:ro" main-job "/log/${log##*/}" --format "$format"
echo "$stack: everything passed"
