# Steps that ./run and ./test share. Each prints a line with its time, and installs what it needs if it is missing.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
TOOLS=${HEADWAY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/headway/tools}
PATH=$TOOLS/bin:$TOOLS/node_modules/.bin:$PATH
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
export CARGO_TARGET_DIR=$TARGET

fail() {
  printf '\n%s\n' "$*" >&2
  exit 1
}

# step TEXT COMMAND...: runs the command, and prints what it does and how long it took.
step() {
  local text=$1 begun=$SECONDS
  shift
  printf '\n== %s\n' "$text"
  "$@" || fail "This step failed: $text"
  printf -- '-- %s: %d s\n' "$text" "$((SECONDS - begun))"
}

# The output of the commands that `waiting` and `background` run: one file for each.
OUTPUT=$(mktemp -d)
trap end_background EXIT

# end_background: called at the end of the script, and before `exec` replaces the script. A background job that is ended while it starts
# still has the trap.
end_background() {
  [ "$BASHPID" = "$$" ] || return 0
  local turn running
  # More than once, because a process that is just executing its command can lose a signal.
  for turn in {1..100}; do
    running=$(jobs -pr)
    [ -n "$running" ] || break
    # shellcheck disable=SC2086
    kill $running 2>/dev/null || true
    sleep 0.05
  done
  rm -rf "$OUTPUT"
}

# waiting COMMAND...: prints a line every few seconds while the command runs, and what the command printed if it fails.
waiting() {
  local log heartbeat status=0
  log=$(mktemp "$OUTPUT/XXXXXX")
  heartbeat &
  heartbeat=$!
  "$@" >"$log" 2>&1 || status=$?
  kill "$heartbeat" 2>/dev/null || true
  wait "$heartbeat" 2>/dev/null || true
  [ "$status" = 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# background NAME COMMAND...: starts a command, which prints to the file $OUTPUT/NAME.
background() {
  local log=$OUTPUT/$1
  shift
  "$@" >"$log" 2>&1 &
}

# heartbeat: prints the time so far, and the crate that Cargo started last. A `sleep` that outlives it keeps no file open.
heartbeat() {
  local begun=$SECONDS
  while sleep "${HEADWAY_HEARTBEAT:-5}" >/dev/null 2>&1; do
    printf '   %d s%s\n' "$((SECONDS - begun))" "$(cat "$OUTPUT"/* 2>/dev/null | now_compiling)"
  done
}

# now_compiling: Cargo's output, in a few words.
now_compiling() {
  awk '$1 == "Compiling" { crates++; last = "compiling " $2 }
    $1 == "Downloading" || $1 == "Downloaded" || $1 == "Updating" { last = tolower($0); sub(/^ +/, "", last) }
    END { if (last != "") printf ", %d crates begun, now %s", crates, last }'
}

need() {
  command -v "$1" >/dev/null || fail "$1 is missing. $2"
}

rust() {
  need rustup "Install Rust from https://rustup.rs, then run this again."
  rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
}

# The programs that make the browser's files small.
shrinkers() {
  command -v wasm-opt >/dev/null && command -v esbuild >/dev/null && return
  need npm "Install Node.js 20 or later with npm, then run this again."
  waiting npm install --silent --no-fund --no-audit --prefix "$TOOLS" binaryen@123.0.0 esbuild@0.25.12
}

# client PROFILE: compiles the client.
client() {
  waiting cargo build --lib --target wasm32-unknown-unknown --no-default-features --features hydrate --profile "$1"
}

# The program that makes the files for the browser; one is kept for each state of its sources.
BINDGEN=$TOOLS/bindgen-$(cat scripts/bindgen/Cargo.lock scripts/bindgen/Cargo.toml scripts/bindgen/src/*.rs | cksum | cut -d' ' -f1)

INSTALL_BINDGEN=(cargo install --locked --path scripts/bindgen --root "$BINDGEN" --target-dir "$TARGET/bindgen")

bindgen() {
  [ -x "$BINDGEN/bin/headway-bindgen" ] || waiting "${INSTALL_BINDGEN[@]}"
}

# The program that makes Debian packages, without compressors of its own.
cargo_deb() {
  command -v cargo-deb >/dev/null ||
    waiting cargo install --locked --no-default-features --root "$TOOLS" --target-dir "$TARGET/cargo-deb" cargo-deb --version 3.7.0
}

# site PROFILE FOLDER: makes the files that are served from the compiled client, unless they are there already.
site() {
  # The folder of the profile `dev` has another name.
  local wasm=$TARGET/wasm32-unknown-unknown/${1/#dev/debug}/headway.wasm folder=$2
  mkdir -p "$folder/pkg" && cp -u style/main.css "$folder/pkg/headway.css" && cp -u public/* "$folder/" || return
  [ "$folder/pkg/headway_bg.wasm" -nt "$wasm" ] && return
  waiting "$BINDGEN/bin/headway-bindgen" "$wasm" "$folder/pkg"
}

# What makes the download small: no inlining, because brotli writes alike functions once; docs/decisions/0008-small-client.md.
OPTIMISE=(--duplicate-function-elimination -O2 --one-caller-inline-max-function-size=0 --always-inline-max-function-size=0
  --flexible-inline-max-function-size=0 --dae-optimizing --gufa --vacuum --reorder-locals)

# optimise FOLDER: makes the client's files small. Not `-Oz`: its inlining makes the copies of a generic function unlike each other, which
# costs more compressed than it saves (docs/decisions/0008-small-client.md).
optimise() {
  local wasm
  minify "$1/pkg" || return
  [ "$1/pkg/.optimised" -nt "$1/pkg/headway_bg.wasm" ] && return
  for wasm in "$1/pkg"/*.wasm; do
    waiting wasm-opt "${OPTIMISE[@]}" --all-features "$wasm" -o "$wasm.small" && mv "$wasm.small" "$wasm" || return
  done
  touch "$1/pkg/.optimised"
}

# minify FOLDER: makes its scripts and its style sheet small: without comments, with short names.
minify() {
  local file
  for file in "$1"/*.js "$1"/*.css; do
    [ "$1/.minified" -nt "$file" ] && continue
    waiting esbuild --minify --log-level=warning "$file" --outfile="$file.small" && mv "$file.small" "$file" || return
  done
  touch "$1/.minified"
}

# compress FOLDER QUALITY: a .br and a .gz beside each file.
compress() {
  waiting node scripts/compress.mjs "$@"
}
