# Steps that ./run and ./test share: a line and a time for each, and what each needs is set up if it is missing.

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

# step TEXT COMMAND...: says what is done, and how long it took.
step() {
  local text=$1 begun=$SECONDS
  shift
  printf '\n== %s\n' "$text"
  "$@" || fail "This step failed: $text"
  printf -- '-- %s: %d s\n' "$text" "$((SECONDS - begun))"
}

need() {
  command -v "$1" >/dev/null || fail "$1 is missing. $2"
}

rust() {
  need rustup "Install Rust from https://rustup.rs, then run this again."
  rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
}

# The wasm-bindgen program must be of the very version that the library has.
wasm_bindgen() {
  local version
  version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
  [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $version" ] && return
  cargo install --quiet --version "$version" --root "$TOOLS" --target-dir "$TOOLS/target" wasm-bindgen-cli
  rm -rf "$TOOLS/target"
}

wasm_opt() {
  command -v wasm-opt >/dev/null && return
  need npm "Install Node.js 20 or later with npm, then run this again."
  npm install --silent --no-fund --no-audit --prefix "$TOOLS" binaryen@123.0.0
}

# client PROFILE FOLDER: the browser's part, ready to be served. Nothing is done twice.
client() {
  # The profile `dev` has a folder of another name.
  local profile=$1 site=$2 wasm=$TARGET/wasm32-unknown-unknown/${1/#dev/debug}/headway.wasm
  cargo build --quiet --lib --target wasm32-unknown-unknown --no-default-features --features hydrate --profile "$profile" || return
  mkdir -p "$site/pkg"
  cp -u style/main.css "$site/pkg/headway.css"
  cp -u public/* "$site/"
  [ "$site/pkg/headway_bg.wasm" -nt "$wasm" ] && return
  wasm-bindgen --target web --no-typescript --out-dir "$site/pkg" --out-name headway "$wasm"
}

# compress FOLDER QUALITY: a .br and a .gz beside each file.
compress() {
  node scripts/compress.mjs "$@"
}
