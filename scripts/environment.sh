# Sourced by the other scripts: makes .venv and keeps it in step with the folder and the files that say what goes into it.
# Usage: ensure_environment [EXTRAS], for example ensure_environment '[test]'

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "Python 3.11 or newer is needed and was not found; install it (Debian: apt-get install python3 python3-venv)," >&2
  echo "or say where it is: PYTHON=/path/to/python3 $0" >&2
  exit 1
}

ensure_environment() {
  local extras=${1:-}
  ensure_packages "$extras"
  .venv/bin/python -m scripts.browser_files # also after a change of what they are made from
}

ensure_packages() {
  local extras=$1 wanted stamp=.venv/.installed
  wanted=$({ pwd; cat setup.cfg pyproject.toml package-lock.json scripts/build_backend.py; } | sha256sum | cut -c1-32)
  if [[ -f $stamp && -d static/vendor ]] && grep -qxF "$wanted $extras" "$stamp"; then return; fi
  if [[ ! -x .venv/bin/python ]]; then
    local python
    python=$(find_python)
    echo "Making .venv with $("$python" --version) …" >&2
    if ! "$python" -m venv .venv; then
      rm -rf .venv
      echo "$python cannot make environments; install its venv module (Debian: apt-get install python3-venv)." >&2
      exit 1
    fi
  fi
  echo "Installing the project$extras and its browser assets into .venv …" >&2
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".$extras" 2> >(grep -v '^WARNING: Location' >&2)
  [[ -f $stamp ]] && ! grep -q "^$wanted " "$stamp" && rm "$stamp"
  echo "$wanted $extras" >> "$stamp"
}
