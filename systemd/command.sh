#!/bin/sh
# The command `edged`: that of the release in use. If no release can run, it says so, and what helps.
release=/opt/edged/current
python=$(readlink -f /usr/bin/python3)
if [ -x "$release/bin/edged" ] && [ -x "$release/bin/python" ] &&
    [ -e "$release/lib/${python##*/}/site-packages/edged/__init__.py" ]; then
    exec "$release/bin/edged" "$@"
fi
cat >&2 <<'END'
edged: release_broken: The release of edged cannot run: since an upgrade, the system has another Python, or files of the release are missing. Run `sudo /usr/local/lib/edged/install.sh --repair`.
END
exit 1
