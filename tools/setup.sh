# Sourced by ./dev: installs what a machine lacks. Quick, and silent, when it lacks nothing.

# Packages of the sections named, one per line: "name", "name | name" or "name unless command".
packages_in() {
  awk -v wanted=" $* " '
    /^\[/ { section = substr($0, 2, index($0, "]") - 2); next }
    { sub(/#.*/, ""); sub(/[ \t]+$/, "") }
    $0 != "" && index(wanted, " " section " ") { print }' tools/packages.txt
}

# What of standard input is not installed, in the same form.
missing_of() {
  local installed line name names command
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' | awk '$2 == "installed" { print $1 }')
  while read -r line; do
    command=${line##* unless }
    if [[ $line == *" unless "* ]] && command -v "$command" >/dev/null; then continue; fi
    names=${line%% unless *}
    for name in ${names//|/ }; do
      if grep -qxF "$name" <<<"$installed"; then continue 2; fi
    done
    echo "$names"
  done
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "not root and there is no sudo; as root, run: ./dev setup"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

# The first name of "a | b" that this release has.
available() {
  local line name
  while read -r line; do
    for name in ${line//|/ }; do
      if apt-cache show "$name" >/dev/null 2>&1; then
        echo "$name"
        continue 2
      fi
    done
    echo "${line%% *}"
  done
}

# nginx, haproxy, postgresql and redis would take ports: no service is started by their installation, and
# those that came with it are not started at the next boot either.
install_packages() {
  local policy=/usr/sbin/policy-rc.d made=no result=0 name
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
    made=yes
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt_get install -y --no-install-recommends "$@" >/dev/null || result=$?
  if [[ $made == yes ]]; then
    as_root rm -f "$policy"
    trap - EXIT
  fi
  if [[ $result == 0 && -d /run/systemd/system ]]; then
    for name in "$@"; do
      case $name in
        nginx | haproxy | postgresql | redis-server) as_root systemctl disable --quiet "$name" || true ;;
      esac
    done
  fi
  return "$result"
}

install_missing() {
  local missing names
  missing=$(packages_in "$@" | missing_of)
  [[ -n $missing ]] || return 0
  [[ -e /etc/debian_version ]] || die "needs Debian 12 or later, or these packages: ${missing//$'\n'/, }"
  compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt_get update
  names=$(available <<<"$missing")
  say "installing ${names//$'\n'/ }"
  # shellcheck disable=SC2086
  if ! install_packages $names; then
    say "once more, with fresh package lists"
    apt_get update
    names=$(available <<<"$missing")
    # shellcheck disable=SC2086
    install_packages $names || die "apt-get could not install: ${names//$'\n'/ }"
  fi
}

# install_npm FOLDER STAMP WHAT: its npm packages, again when its lock file has changed.
install_npm() {
  local folder=$1 stamp=build/$2.stamp major
  [[ -f $folder/package-lock.json ]] || return 0
  major=$(node --version)
  major=${major#v}
  [[ ${major%%.*} -ge 18 ]] ||
    die "Node.js 18 or later is needed, $(command -v node) is ${major}: remove it or install a newer one"
  mkdir -p build
  if [[ -d $folder/node_modules ]] && sha256sum --status -c "$stamp" 2>/dev/null; then return 0; fi
  say "installing $3 of $folder"
  (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
  sha256sum "$folder/package-lock.json" >"$stamp"
}

# setup_for SECTION…: build, test, bench.
setup_for() {
  install_missing "$@"
  if [[ " $* " == *" test "* ]]; then
    install_npm tests/clients npm-clients "the npm clients"
    install_npm clients/typescript npm-client-library "the npm packages"
  fi
  if [[ " $* " == *" bench "* ]]; then
    install_npm bench/peers/better_auth npm-better-auth "the npm packages"
  fi
}
