#!/bin/sh
# The fault light of a kiosk that has given up (edged-rescue.service): by the release in use, else by Python alone, else by
# this shell. Each of them logs why and stays until it is stopped; one that fails leaves it to the next.
release=/opt/edged/current
settings=${STATE_DIRECTORY:-/var/lib/edged}/rescue # edged writes it at each start (edged/app/unit_notes.py)
id=4dca1fd75e4c4f1c8a6c52a5ff5d1f0c
cause=release_broken
text="$cause: edged is down: the release cannot run, and there is no Python. Run \`sudo apt-get install -y python3-venv\`, and then \`sudo /usr/local/lib/edged/install.sh --repair\`."

python=$(readlink -f /usr/bin/python3)
if [ -x "$release/bin/edged" ] && [ -x "$release/bin/python" ] &&
    [ -e "$release/lib/${python##*/}/site-packages/edged/__init__.py" ]; then
    "$release/bin/edged" rescue --config /etc/edged/config.yaml && exit
fi
if [ -x /usr/bin/python3 ]; then
    /usr/bin/python3 -I -S "${0%/*}/last_resort.py" && exit
fi

printf 'MESSAGE_ID=%s\nPRIORITY=3\nSYSLOG_IDENTIFIER=edged\nEDGED_CAUSE=%s\nMESSAGE=%s\n' "$id" "$cause" "$text" |
    logger --journald 2>/dev/null || printf '<3>%s\n' "$text" >&2

# A lamp of the kernel (/sys/class/leds) needs no program; a pin needs Python.
pattern='' led=''
while IFS='=' read -r name value; do
    case $name in
        pattern) pattern=$value ;;
        led) led=/sys/class/leds/$value/brightness ;;
        dark) [ "${value#led }" = "$value" ] || echo 0 >"/sys/class/leds/${value#led }/brightness" ;;
    esac
done <"$settings" 2>/dev/null
[ -n "$pattern" ] && [ -w "$led" ] || { pattern=3600000 led=/dev/null; }
level=255
while :; do
    for ms in $pattern; do
        echo "$level" >"$led"
        sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
        level=$((255 - level))
    done
done
