# Sourced: puts a Rust toolchain of at least 1.90 on the search path. One that is there is taken; else
# Debian's (rustc-web), which is kept as new as Debian's browsers need it.

rust_is_new_enough() {
  local version
  version=$("$1" --version 2> /dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
  [ -n "$version" ] && [ "$version" -ge 90 ]
}

if ! rust_is_new_enough rustc && [ -x "$HOME/.cargo/bin/rustc" ]; then
  PATH=$HOME/.cargo/bin:$PATH
fi
if ! rust_is_new_enough rustc; then
  "$(dirname "${BASH_SOURCE[0]}")/install.sh" rustc-web cargo-web rustfmt-web rust-web-clippy
  PATH=/usr/bin:$PATH
fi
export PATH
