# shellcheck shell=bash
# What the scripts beside this file share. Source it; it moves to the root of the repository.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
case "$CARGO_TARGET_DIR" in /*) ;; *) CARGO_TARGET_DIR="$PWD/$CARGO_TARGET_DIR" ;; esac
readonly TOOLS="$CARGO_TARGET_DIR/tools"
readonly PLUGIN_TARGET="$PWD/plugins/target"
# The tests that passed only when they were tried again, one a line.
readonly AGAIN="$CARGO_TARGET_DIR/tests.again"
readonly WASM=wasm32-wasip2

say() { printf '%s\n' "$*"; }
fail() {
  printf '\nerror: %s\n' "$*" >&2
  exit 1
}

# toolchain: the Rust version the repository asks for.
toolchain() { sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml; }

# as_root COMMAND…: runs it with the rights to install packages.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "\`$*\` needs root: run it yourself, or install sudo."
  fi
}

# need_debian TEST PACKAGE…: installs the packages unless the shell expression TEST holds.
need_debian() {
  local present=$1
  shift
  if eval "$present" >/dev/null 2>&1; then return; fi
  command -v apt-get >/dev/null || fail "Please install $* (this is no Debian, so it is not done for you)."
  say "Installing the Debian packages: $*"
  local log="$TOOLS/apt.log"
  mkdir -p "$TOOLS"
  if ! { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "Installing $* did not work; the whole story is in $log."
  fi
  eval "$present" >/dev/null 2>&1 || fail "$* is installed, but still not usable; see $log."
}

# need_rust [COMPONENT…]: the pinned toolchain with the WebAssembly target and these components, or one sentence.
need_rust() {
  local version component missing=()
  version=$(toolchain)
  if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then PATH="$HOME/.cargo/bin:$PATH"; fi
  command -v cargo >/dev/null || fail "Rust is missing: install rustup (https://rustup.rs), open a new shell and run this again."
  command -v rustup >/dev/null || fail "rustup is missing: this build needs Rust $version with the target $WASM, which rustup (https://rustup.rs) installs."
  if ! rustup run "$version" rustc --version >/dev/null 2>&1; then
    say "Installing Rust $version"
    rustup toolchain install "$version" --profile minimal --no-self-update >/dev/null 2>&1 ||
      fail "Rust $version could not be installed: \`rustup toolchain install $version\` says why."
  fi
  if [ ! -d "$(rustup run "$version" rustc --print target-libdir --target $WASM)" ]; then
    rustup target add --toolchain "$version" $WASM >/dev/null 2>&1 ||
      fail "The WebAssembly target is missing: \`rustup target add --toolchain $version $WASM\` says why it cannot be installed."
  fi
  for component in "$@"; do
    rustup component list --toolchain "$version" 2>/dev/null | grep -q "^$component.*(installed)" || missing+=("$component")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    rustup component add --toolchain "$version" "${missing[@]}" >/dev/null 2>&1 ||
      fail "\`rustup component add --toolchain $version ${missing[*]}\` did not work; run it to see why."
  fi
}

# need_cc: SQLite, the TLS code and the linker need a C compiler.
need_cc() {
  command -v cc >/dev/null || fail "A C compiler is missing: install one (Debian: \`apt install build-essential\`) and run this again."
}

# quietly COMMAND…: cargo without its list of crates: a line every fifty crates, and every warning and error.
quietly() {
  { "$@" 2>&1 >&3 3>&- | without_progress >&2; } 3>&1
}

without_progress() {
  local count=0 line
  while IFS= read -r line; do
    case "$line" in
      *' Compiling '* | *' Checking '*)
        count=$((count + 1))
        [ $((count % 50)) -ne 0 ] || say "  … $count crates"
        ;;
      *' Finished '* | *' Downloading '* | *' Downloaded '* | *' Updating '* | *' Locking '* | *' Blocking '* | *' Running '* | *' Doc-tests '* | *' Executable '*) ;;
      *) say "$line" ;;
    esac
  done
}

build_guests() {
  [ -f plugins/Cargo.toml ] || fail "plugins/ is missing: this is not a whole checkout."
  say "Building the plugins"
  CARGO_TARGET_DIR="$PLUGIN_TARGET" quietly cargo build --release --locked --manifest-path plugins/Cargo.toml --target "$WASM"
}

# build_example: the examples of plugins outside the workspace, beside the others, where the tests look for them.
build_example() {
  local example
  for example in github-provider bot-plugin-rust; do
    CARGO_TARGET_DIR="$PLUGIN_TARGET" quietly cargo build --release --locked --manifest-path "examples/$example/Cargo.toml" --target "$WASM"
  done
}

# free_port: a TCP port nobody listens on at the moment. Needs Python, so only tests use it.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
