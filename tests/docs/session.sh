# The reader of a page: what the blocks' commands stand on. Sourced before the page's script.
set -euo pipefail
servers=()
server_logs=$(mktemp -d)

# A command that serves goes on in the background, once it has answered, until the page ends.
kedro() {
    case "${1-} ${2-}" in
    "mlflow ui" | "mlflow serve" | "viz run" | "viz ") serve kedro "$@" ;;
    *) command kedro "$@" ;;
    esac
}

mlflow() {
    case "${1-}" in
    server | ui) serve mlflow "$@" ;;
    *) command mlflow "$@" ;;
    esac
}

python() {
    case "${1-} ${2-}" in
    "-m http.server") serve python -u "$@" ;;
    *) command python "$@" ;;
    esac
}

moto_server() { serve moto_server "$@"; }

serve() {
    local log="$server_logs/${#servers[@]}"
    echo "serves: $*"
    setsid "$(type -P "$1")" "${@:2}" >"$log" 2>&1 &
    servers+=("$!")
    for _ in $(seq 600); do
        if grep -qE 'Ctrl-C ends it|Application startup complete|Kedro-Viz started|Running on http|Serving HTTP on' "$log"; then
            cat "$log"
            return 0
        fi
        kill -0 "${servers[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    # One that has nothing to serve, such as the UI of a server, has ended by itself.
    cat "$log"
    wait "${servers[-1]}" && unset "servers[-1]"
}

end_servers() {
    for server in "${servers[@]}"; do
        kill -TERM -- "-$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    done
    servers=()
}
trap end_servers EXIT

expect() {
    local code=0
    bash -euo pipefail || code=$?
    [ "$code" = "$1" ] || { echo "ended with $code instead of $1"; return 1; }
}

file_block() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
add_block() { echo >>"$1" && cat >>"$1"; }

into_block() {
    python -c '
import sys
path, start = sys.argv[1].rsplit(":", 1)
lines = open(path, encoding="utf8").readlines()
place = next(i for i, line in enumerate(lines) if line.startswith(start))
lines[place + 1 : place + 1] = sys.stdin.readlines()
open(path, "w", encoding="utf8").writelines(lines)' "$1"
}

entries_block() {
    PYTHONPATH=src python -c '
import importlib, sys
names = {"MLflowDataSet": importlib.import_module(f"{sys.argv[1]}.tracking").MLflowDataSet}
text = sys.stdin.read()
try:
    code = compile(text, "block", "exec")
except SyntaxError:  # entries without their dict
    code = compile(f"catalog_dict = {{{text}}}", "block", "exec")
exec(code, names)
assert names["catalog_dict"]' "$1"
}

run_cells() {
    local cells
    cells=$(mktemp --suffix=.ipy)
    cat >"$cells"
    ipython --colors=NoColor "$cells"
}
