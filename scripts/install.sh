#!/bin/bash
# Installs, upgrades or uninstalls edged as a service, on Debian or Raspberry Pi OS, 12 or 13, 64-bit.
#
#   sudo scripts/install.sh [OPTION...]
#
#   --unattended         ask no questions
#   --dry-run            print what would be done, and change nothing
#   --wheel FILE         install this wheel instead of the checkout that this script is in
#   --url U              fetch the wheel from this address (https, or http on this machine); needs --sha256
#   --sha256 H           refuse the wheel unless this is its SHA-256
#   --wheelhouse DIR     take every wheel from this directory, and nothing from the network
#   --version V          install this release: one that is on the disk still, or from the wheelhouse
#   --rollback           go back to the release before
#   --repair             make the release again from the wheels kept with it, for example after an upgrade of the system
#   --config FILE        use FILE as /etc/edged/config.yaml, if that is a sample that nobody has changed, or missing
#   --replace-config     with --config: replace a changed configuration, too, and keep a dated copy of it
#   --api-key-file FILE  use FILE as /etc/edged/credentials/api-key; an older key is replaced
#   --with EXTRA         add an extra (aec, companion, desktop, http or tui; may be given more than once); upgrades keep it.
#                        The first `--with companion` enables edged-companion.service, too
#   --no-start           do not start or restart the service now; it starts when the machine boots
#   --uninstall          remove what was installed, but keep the configuration, the state and the user
#   --purge              with --uninstall: remove the configuration, the state and the user, too
#   --help               print this help
#
# A second run changes nothing. If an upgrade is not up and answering within 30 seconds, or cannot serve a visitor although
# the release before it could, the installer goes back to that one. Each release has its own directory below /opt/edged,
# with the wheels that it was made from. It is complete before the link `current` moves to it in one step, so a whole
# release starts even after a power cut. /var/lib/edged-install records what was installed. edged itself never comes from an
# index of packages. The exit code is 0 if the wanted release is up, 78 if the configuration or the key cannot be used, 64
# for a wrong command line, else 1.
if [ -z "${BASH_VERSION:-}" ]; then # started as `sh install.sh`
    case $0 in *install.sh) exec /bin/bash -- "$0" "$@" ;; esac
    echo 'edged: this needs bash: pipe it into bash, and not into sh' >&2
    exit 64
fi
POSIXLY_CORRECT=1 # from here on, no function can replace `unset` and `set`
# The environment of a root shell may hold anything: commands and functions, settings that tell Python and pip where to
# look, another directory for temporary files. Drop all of it, except the settings for the network.
unset -f unset builtin compgen
for name in $(builtin compgen -A function); do unset -f "$name"; done
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
set -euo pipefail
for name in $(compgen -e); do
    case $name in
        PATH | TERM | http_proxy | https_proxy | no_proxy | HTTP_PROXY | HTTPS_PROXY | NO_PROXY) ;;
        *) unset -v "$name" 2>/dev/null || export -n "${name?}" ;; # some belong to bash itself
    esac
done
unset -v name IFS CDPATH GLOBIGNORE
set +f +o posix # SHELLOPTS may have set them
export PATH HOME=/root
{ # bash runs nothing below before it has read everything: half a download does nothing

readonly opt=/opt/edged etc=/etc/edged state=/var/lib/edged record=/var/lib/edged-install
readonly companion=edged-companion.service companion_state=/var/lib/edged-companion
readonly units=/etc/systemd/system command=/usr/local/bin/edged library=/usr/local/lib/edged
readonly health_s=30 # from an SD card it starts in ten seconds
readonly space_kib=400000 repair_kib=150000 rollback_kib=20000
readonly pythons="3.11 3.13" # those of Debian 12 and 13, for which there are locks
readonly of_debian=" numpy pyyaml " # Debian's packages are new enough for the core, so their wheels are not kept in advance
readonly known_extras=" aec companion desktop http tui " # of which the wheel carries locks
self=${BASH_SOURCE[0]:-}
unattended='' dry='' wheel='' wheelhouse='' version='' config='' key='' start=1 uninstall='' purge='' extras=()
kept='' url='' sha256='' rollback='' repair='' before_start='' replace_config='' extras_named=''
work='' lock='' keys='' release='' current='' before='' left='' was_ready='' source_id='' changed=0 files_changed=0 made='' making='' begun=''

say() { printf 'edged: %s\n' "$*"; }
die() {
    printf 'edged: %s\n' "$*" >&2
    exit 1
}
usage() {
    printf 'edged: %s (try --help)\n' "$*" >&2
    exit 64
}
# In a dry run, prints what would be done, and succeeds.
only_told() {
    [ -z "$dry" ] || say "would $*"
    [ -n "$dry" ]
}
have() { command -v "$1" >/dev/null 2>&1; }

# -- the options, and what the machine must have -----------------------------------------------------------------------

# Piped into bash, the script cannot read itself.
help() {
    [ -f "$self" ] || { say 'run the installer as a file to see its options: bash install.sh --help' && return; }
    sed -n '2,/^[^#]/{/^[^#]/d;s/^# \{0,1\}//;p}' -- "$self"
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --wheel | --wheelhouse | --version | --config | --api-key-file | --with | --url | --sha256)
                [ -n "${2:-}" ] || usage "$1 needs a value"
                ;;&
            --unattended) unattended=1 ;;
            --dry-run) dry=1 ;;
            --no-start) start='' ;;
            --uninstall) uninstall=1 ;;
            --purge) purge=1 ;;
            --rollback) rollback=1 ;;
            --repair) repair=1 ;;
            --before-start) repair=1 before_start=1 start='' unattended=1 ;; # for edged-repair.service
            --replace-config) replace_config=1 ;;
            --url) url=$2 && shift ;;
            --sha256) sha256=${2,,} && shift ;;
            --wheel) wheel=$(realpath -m -- "$2") && shift ;;
            --wheelhouse) wheelhouse=$(realpath -m -- "$2") && shift ;;
            --version) version=$2 && shift ;;
            --config) config=$(realpath -m -- "$2") && shift ;;
            --api-key-file) key=$(realpath -m -- "$2") && shift ;;
            --with)
                [[ $2 != *' '* && $known_extras == *" $2 "* ]] || usage "--with $2: unknown extra; the extras are:${known_extras% }"
                extras+=("$2") extras_named=1 && shift
                ;;
            -h | --help)
                help
                exit
                ;;
            *) usage "unknown option $1" ;;
        esac
        shift
    done
    [ -z "$purge" ] || [ -n "$uninstall" ] || usage '--purge needs --uninstall'
    local file
    for file in "$wheel" "$config" "$key"; do
        [ -z "$file" ] || { [ -f "$file" ] && [ -r "$file" ]; } || usage "$file cannot be read, or is not a file"
    done
    [ -z "$wheelhouse" ] || [ -d "$wheelhouse" ] || usage "$wheelhouse is not a directory"
    [ -z "$version" ] || [[ $version =~ ^[0-9][0-9A-Za-z.+!-]*$ ]] || usage "$version is not a version"
    [ -z "$replace_config" ] || [ -n "$config" ] || usage '--replace-config needs --config FILE'
    [ -z "$sha256" ] || [[ $sha256 =~ ^[0-9a-f]{64}$ ]] || usage '--sha256 needs 64 hexadecimal digits'
    [ -z "$sha256" ] || [ -n "$url$wheel" ] || usage '--sha256 needs --url or --wheel'
    check_url
    local sources=("${rollback:+--rollback}" "${repair:+--repair}" "${url:+--url}" "${wheel:+--wheel}" "${version:+--version}")
    read -ra sources <<<"${sources[*]}"
    [ "${#sources[@]}" -le 1 ] || usage "${sources[0]} and ${sources[1]} exclude each other"
}

check_url() {
    [ -n "$url" ] || return 0
    [ -n "$sha256" ] || usage '--url needs --sha256: the hash tells whether the file is the one that was meant'
    case $url in
        https://[!/]*) ;;
        http://localhost[:/]* | http://127.*.*.*[:/]* | http://\[::1\][:/]*)
            [[ $url =~ ^http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?/ ]] || usage "$url: http is only for this machine"
            ;;
        http://*) usage "$url: http is only for this machine, use https" ;;
        *) usage "$url is not an address that begins with https://" ;;
    esac
}

# Each refusal is one sentence that says what helps, and comes before anything is changed.
check_machine() {
    local ID='' VERSION_ID='' PRETTY_NAME='' architecture
    # shellcheck source=/dev/null
    ! [ -r /etc/os-release ] || . /etc/os-release
    case $ID-$VERSION_ID in
        debian-12 | debian-13 | raspbian-12 | raspbian-13) ;;
        *) die "this system is ${PRETTY_NAME:-not Debian}: install Debian or Raspberry Pi OS, 12 or 13, on the card." ;;
    esac
    architecture=$(dpkg --print-architecture)
    case $architecture in
        arm64 | amd64) ;;
        *) die "this system is $architecture: install the 64-bit edition of Raspberry Pi OS on the card." ;;
    esac
    [ -d /run/systemd/system ] || die 'systemd does not run here: run this on the booted machine, not in a container or chroot.'
    [ "$(id -u)" = 0 ] || die "this needs root: run sudo ${self:-bash}"
    check_disk
}

check_disk() {
    local root_options free
    if [[ $(findmnt -n -o FSTYPE,SOURCE /) =~ ^overlay\ +overlayroot ]] ||
        grep -qE '(^| )(boot=overlay|overlayroot=(tmpfs|device|crypt))' /proc/cmdline; then
        die 'the overlay file system is on, so the next boot would undo the installation: run' \
            'sudo raspi-config nonint disable_overlayfs, restart, install, and switch it on again.'
    fi
    root_options=,$(findmnt -n -o OPTIONS /),
    [[ $root_options != *,ro,* ]] || die 'the disk is mounted read-only: run sudo mount -o remount,rw /'
    local needed=$space_kib
    [ -z "$repair" ] || needed=$repair_kib
    [ -z "$rollback" ] || needed=$rollback_kib
    free=$(df --output=avail -k /opt | tail -n 1)
    [ -n "$uninstall" ] || [ "$free" -ge "$needed" ] ||
        die "only $((free / 1000)) MB are free, but $((needed / 1000)) are needed: free some space, for example with sudo apt-get clean."
}

ask() {
    local answer=''
    [ -z "$unattended$dry" ] || return 0
    { : >/dev/tty; } 2>/dev/null || die 'there is no terminal to ask on: add --unattended.'
    printf '%s [Y/n] ' "$1" >/dev/tty
    read -r answer </dev/tty || answer=n
    [[ ${answer:-y} == [Yy]* ]] || die 'nothing was done.'
}

# Prints the checkout that this script is in; fails if there is none, or if the script was piped in.
checkout() {
    [ -n "$self" ] && [ -r "$self" ] || return 1
    local root
    root=$(dirname -- "$(dirname -- "$(readlink -f -- "$self")")")
    [ -r "$root/pyproject.toml" ] && [ -x "$root/scripts/release" ] && printf '%s\n' "$root"
}

# -- the record -------------------------------------------------------------------------------------------------------

# note LIST LINE: records a line once. It reaches the disk before the change that it records.
note() {
    grep -qxF -- "$2" "$record/$1" 2>/dev/null && return
    mkdir -p -- "$record"
    printf '%s\n' "$2" >>"$record/$1"
    sync -- "$record/$1"
}
noted() { ! [ -e "$record/$1" ] || cat -- "$record/$1"; }

# begin: notes the release to go back to, before the first change to what runs. The note goes when the run is complete.
begin() {
    [ -z "$begun" ] || return 0
    mkdir -p -- "$record"
    printf '%s\n' "$before" >"$work/unfinished"
    install_file "$work/unfinished" "$record/unfinished" 0644
    begun=1
}

finish() {
    rm -f -- "$record/unfinished"
    begun=''
}

# Goes on where a run was interrupted: edged may still run from the release before, and with the configuration before, and
# nobody has seen yet whether it runs with the new ones.
resume() {
    [ -e "$record/unfinished" ] || return 0
    left=$(noted unfinished)
    changed=1 files_changed=1 begun=1
    [ -n "$repair" ] || ! [ -e "$opt/${left:-.none}/release" ] || before=$left
}

# -- Debian's packages ------------------------------------------------------------------------------------------------

installed() { [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = 'install ok installed' ]; }
all_packages() { dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii  *//p' | sort; }
apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" \
        </dev/null >>"$work/log" 2>&1
}

add_packages() {
    local name hint='' absent=() wanted=(python3-venv python3-numpy python3-yaml python3-pyaudio python3-systemd python3-evdev)
    for name in "${wanted[@]}"; do installed "$name" || absent+=("$name"); done
    # Raspberry Pi OS has it, Debian does not
    if ! installed python3-lgpio && apt-cache show python3-lgpio >/dev/null 2>&1; then absent+=(python3-lgpio); fi
    [ "${#absent[@]}" -gt 0 ] || return 0
    # before a start of edged there may be no network, and apt itself may be in the middle of an upgrade
    [ -z "$before_start" ] || return 0
    ! only_told "install the packages ${absent[*]}" || return 0
    say "installing the packages ${absent[*]}"
    mkdir -p -- "$record"
    # an interrupted run has left the list of the packages before it: keep that list
    [ -s "$record/before" ] || { all_packages >"$work/before" && install_file "$work/before" "$record/before" 0644; }
    # a source of somebody else that is gone is no reason to stop, if Debian's packages can be had
    apt update || hint=': check the network, the clock and the sources in /etc/apt'
    if ! installed python3-lgpio && apt-cache show python3-lgpio >/dev/null 2>&1; then absent+=(python3-lgpio); fi
    apt install --no-install-recommends --no-remove "${absent[@]}" || failed "apt-get install failed${hint:-}."
    while read -r name; do note packages "$name"; done < <(all_packages | comm -13 "$record/before" -)
    rm -f -- "$record/before"
    changed=1
}

failed() {
    tail -n 20 -- "$work/log" >&2 || true
    die "$*"
}

# Removes the packages that were installed for edged, unless others need them now.
remove_packages() {
    local ours=() name others
    while read -r name; do ! installed "$name" || ours+=("$name"); done < <(noted packages)
    [ "${#ours[@]}" -gt 0 ] || return 0
    ! only_told "remove the packages ${ours[*]}" || return 0
    others=$(apt-get -s purge "${ours[@]}" 2>/dev/null | sed -nE 's/^(Purg|Remv) ([^ ]+).*/\2/p' | sort -u |
        comm -23 - <(printf '%s\n' "${ours[@]}" | sort -u) | tr '\n' ' ')
    if [ -n "$others" ]; then
        apt-mark auto "${ours[@]}" >/dev/null
        say "the packages stay, because ${others% } needs them: sudo apt-get autoremove removes those that nothing needs"
    else
        say "removing ${#ours[@]} packages"
        apt purge "${ours[@]}" || failed 'apt-get purge failed.'
    fi
}

# -- the release ------------------------------------------------------------------------------------------------------

hash_of() { sha256sum -- "$1" | cut -d' ' -f1; }
python_name() { basename -- "$(readlink -f /usr/bin/python3)"; } # such as python3.13

# is_whole RELEASE: whether it can run with the Python that this system has now, and has all of its files.
is_whole() {
    local site
    site=$opt/$1/lib/$(python_name)/site-packages
    [ -e "$opt/$1/release" ] && [ -e "$site/edged/__init__.py" ] && has_all_files "$site" &&
        "$opt/$1/bin/python" -I -c 'import edged.cli.run, edged.app' >>"$work/log" 2>&1
}

# has_all_files SITE-PACKAGES: compares each file with what its wheel says: whether it is there, its size, and for a repair
# its content, too.
has_all_files() {
    /usr/bin/python3 -I - "$1" "$repair" >>"$work/log" 2>&1 <<'PYTHON'
import base64, csv, hashlib, os, sys
from pathlib import Path

site, thorough = Path(sys.argv[1]), sys.argv[2]
records = list(site.glob("*.dist-info/RECORD"))
for record in records:
    with record.open(newline="") as file:
        for name, hashed, size in csv.reader(file):
            path = Path(os.path.normpath(site / name))
            if not hashed or path.suffix == ".pyc":
                continue
            if not path.is_file():
                sys.exit(f"{path} is missing")
            if path.parent.name == "bin":  # the installer has written the path of the release into it
                continue
            if size and path.stat().st_size != int(size):
                sys.exit(f"{path} has another size")
            kind, _, digest = hashed.partition("=")
            if thorough and kind == "sha256":
                found = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
                if found != digest:
                    sys.exit(f"{path} has changed")
if not records:
    sys.exit("there are no packages")
PYTHON
}

# Prints the names of the complete releases, the newest first. One that was made for another Python is complete, too.
releases() {
    local stamp
    for stamp in "$opt"/*/release; do
        [ -L "$(dirname -- "$stamp")" ] || ! [ -e "$stamp" ] || printf '%s %s\n' "$(stat -c %Y -- "$stamp")" "$(basename -- "$(dirname -- "$stamp")")"
    done | sort -rn | cut -d' ' -f2-
}

# use_release NAME: takes a release that is on the disk, as it is, or makes it again from the wheels kept with it.
use_release() {
    if is_whole "$1" && { [ -z "$extras_named" ] || [[ $(cat -- "$opt/$1/release") == *" with ${extras[*]}" ]]; }; then
        release=$1
    else
        wheel=$(find "$opt/$1/wheels" -maxdepth 1 -name 'edged-*.whl' 2>/dev/null | head -n 1)
        wheelhouse=$opt/$1/wheels kept=1
        [ -n "$wheel" ]
    fi
}

# Prints the release that `--rollback` goes back to; fails if there is none.
previous() {
    local name others=()
    # an interrupted run has left the release of $before, and nobody has seen that the one in use runs
    for name in "$before" "$(noted previous)"; do
        if [ -n "$name" ] && [ "$name" != "$current" ] && [ -e "$opt/$name/release" ]; then printf '%s\n' "$name" && return; fi
    done
    while read -r name; do [ "$name" = "$current" ] || others+=("$name"); done < <(releases)
    [ "${#others[@]}" = 1 ] && printf '%s\n' "${others[0]}"
}

choose_repair() {
    local name
    # the last ones have lost even the file that says what they were made from
    for name in "$current" $(releases) $(cd -- "$opt" && printf '%s\n' */wheels | sed 's|/wheels$||'); do
        [ -z "$name" ] || ! use_release "$name" || return 0
    done
    die "no release below $opt has kept its wheels: run the installer in the edged folder, or give it --wheel FILE."
}

choose_version() {
    local name
    for name in $(releases); do
        [[ $name == "$version" || $name == "$version".???????? || $name == "$version".????????.* ]] || continue
        ! use_release "$name" || return 0
    done
    die "edged $version is not on this machine: name its wheel with --wheel FILE, or with --url and --sha256."
}

# Sets $source_id, which says what the release is made from, and $wheel if that is a wheel already. Or sets $release, if
# that is on the disk.
choose_source() {
    local root name
    # With the extras from before: an upgrade offers everything that the release before it offered.
    mapfile -t extras < <({ noted extras && printf '%s\n' "${extras[@]}"; } | sed '/^$/d' | sort -u)
    [ -z "$url" ] || { fetch_url && check_wheel; }
    [ -z "$wheel" ] || hand_over
    if [ -n "$repair" ]; then
        choose_repair
    elif [ -n "$rollback" ]; then
        name=$(previous) || die "there is no other release on this machine to go back to."
        use_release "$name" || die "$name was made for another Python, and has not kept its wheels: give its wheel with --wheel FILE."
    elif [ -z "$wheel" ] && [ -n "$wheelhouse" ]; then
        wheel=$(find "$wheelhouse" -maxdepth 1 -name "edged-${version:-*}-*.whl" | sort -V | tail -n 1)
        [ -n "$wheel" ] || die "$wheelhouse has no wheel of edged ${version}: make one with scripts/release --wheelhouse."
    elif [ -n "$version" ]; then
        choose_version
    fi
    [ -z "$release" ] || return 0
    if [ -n "$wheel" ]; then
        source_id=$(hash_of "$wheel")
    elif root=$(checkout); then
        source_id=$("$root/scripts/release" --fingerprint)
    elif beside_wheel; then
        source_id=$(hash_of "$wheel")
    elif [ -n "$current" ] && use_release "$current"; then # for `--with`: the present release, with more or the same
        [ -z "$release" ] || return 0
        source_id=$(hash_of "$wheel")
    else
        die 'this script is not in the edged folder: name a release with --wheel FILE, or with --url and --sha256.'
    fi
    source_id="$source_id $(/usr/bin/python3 -I -V 2>/dev/null)" || [ -n "$dry" ] # there is none before the packages are installed
    source_id=$source_id${extras[*]:+ with ${extras[*]}}
}

# A folder made by scripts/release has the wheel beside this script, and maybe a wheelhouse.
beside_wheel() {
    local folder
    [ -n "$self" ] && folder=$(dirname -- "$(readlink -f -- "$self")") || return 1
    wheel=$(find "$folder" -maxdepth 1 -name 'edged-*.whl' | sort -V | tail -n 1)
    [ -z "$wheel" ] || ! [ -d "$folder/wheelhouse" ] || wheelhouse=$folder/wheelhouse
    [ -n "$wheel" ]
}

# check_name NAME WHAT: pip reads the version from the name of the file, so a copy must keep it.
check_name() {
    [[ $1 =~ ^edged-[0-9A-Za-z.+_!]+-py3-none-any\.whl$ ]] ||
        die "$2 is not a wheel of edged: its name has to be edged-VERSION-py3-none-any.whl, as scripts/release has made it."
}

check_wheel() {
    check_name "$(basename -- "$wheel")" "$wheel"
    [ -z "$sha256" ] || [ "$(hash_of "$wheel")" = "$sha256" ] ||
        die "$(basename -- "$wheel") has the SHA-256 $(hash_of "$wheel"), and not $sha256: it is another file, or was changed on its way. edged was not changed."
}

# A release knows best how it is installed: if this is the script of another release, the one in the wheel goes on.
hand_over() {
    local words=(--unattended --wheel "$wheel") extra
    [ "$self" = "$library/install.sh" ] || return 0
    /usr/bin/python3 -I - "$wheel" "$work/install.sh" <<'PYTHON' 2>>"$work/log" || return 0
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    name = next(n for n in wheel.namelist() if n.endswith("/share/edged/install.sh"))
    open(sys.argv[2], "wb").write(wheel.read(name))
PYTHON
    ! cmp -s -- "$work/install.sh" "$self" || return 0
    for extra in "${extras[@]}"; do words+=(--with "$extra"); done
    [ -z "$wheelhouse" ] || words+=(--wheelhouse "$wheelhouse")
    [ -z "$config" ] || words+=(--config "$config" ${replace_config:+--replace-config})
    [ -z "$key" ] || words+=(--api-key-file "$key")
    [ -n "$start" ] || words+=(--no-start)
    [ -z "$dry" ] || words+=(--dry-run)
    flock -u "$lock"
    /bin/bash "$work/install.sh" "${words[@]}" || exit
    exit 0
}

# Fetches the wheel, at most 100 MB of it. A redirect may not lead to an address that --url would refuse.
fetch_url() {
    local name
    name=$(basename -- "${url%%[?#]*}")
    check_name "$name" "$url"
    wheel=$work/$name
    [ -z "$dry" ] || { wheel='' && die "would fetch $url; a dry run fetches nothing, so it ends here."; }
    say "fetching $url"
    /usr/bin/python3 -I - "$url" "$wheel" 2>>"$work/log" <<'PYTHON' || die "$url cannot be fetched: $(tail -n 1 -- "$work/log"). edged was not changed."
import http.client, ipaddress, os, sys, urllib.error, urllib.parse, urllib.request

MOST = 100_000_000


def is_fit(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        return True
    try:
        return parts.scheme == "http" and (
            parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False


class Redirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if not is_fit(newurl):
            raise urllib.error.URLError("it leads to an address without TLS")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


host = urllib.parse.urlsplit(sys.argv[1]).hostname or ""
if sys.argv[1].startswith("http:"):  # this machine itself needs no proxy
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), host]))
try:
    if not is_fit(sys.argv[1]):
        raise urllib.error.URLError("http is only for this machine")
    with urllib.request.build_opener(Redirect).open(sys.argv[1], timeout=60) as answer, open(sys.argv[2], "wb") as file:
        size = 0
        while data := answer.read(65536):
            size += len(data)
            if size > MOST:
                raise urllib.error.URLError("it is larger than any wheel of edged")
            file.write(data)
    wanted = answer.headers.get("Content-Length", "")
    if wanted.isdecimal() and size < int(wanted):
        raise urllib.error.URLError(f"the connection ended after {size} of {wanted} bytes")
except http.client.HTTPException as error:
    sys.exit(f"what answers there is no web server, or the connection ended too early ({type(error).__name__})")
except (OSError, ValueError) as error:
    sys.exit(" ".join(str(getattr(error, "reason", "") or error).split()))
PYTHON
}

# Prints the release made from $source_id, if there is one that can run.
find_release() {
    local name
    for name in $(releases); do
        if [ "$(cat -- "$opt/$name/release" 2>/dev/null)" = "$source_id" ] && is_whole "$name"; then
            printf '%s\n' "$name" && return
        fi
    done
    return 1
}

fetch_wheel() {
    local name found
    # if that release is there, but damaged, it has kept its wheels
    for name in $(releases); do
        [ "$(cat -- "$opt/$name/release")" = "$source_id" ] || continue
        found=$(find "$opt/$name/wheels" -maxdepth 1 -name 'edged-*.whl' 2>/dev/null | head -n 1)
        [ -z "$found" ] || { wheel=${wheel:-$found} wheelhouse=${wheelhouse:-$opt/$name/wheels} kept=1; }
    done
    [ -z "$wheel" ] || return 0
    say 'building a wheel from the edged folder'
    "$(checkout)/scripts/release" --wheel "$work" >>"$work/log" 2>&1 || failed 'the wheel cannot be built.'
    wheel=$(find "$work" -maxdepth 1 -name 'edged-*.whl')
}

# Prints the entries of the wheel's locks that the release needs. Of the system, only the packages count that
# add_packages asks for: another one may be removed at any time, as python3-libgpiod with the program that needed it.
still_needed() {
    "$opt/.new/bin/python" -I - "$wheel" "${extras[@]}" <<'PYTHON'
import importlib.metadata, re, sys, zipfile
from pathlib import Path
from email import message_from_bytes
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

with zipfile.ZipFile(sys.argv[1]) as wheel:
    names = wheel.namelist()
    metadata = message_from_bytes(wheel.read(next(n for n in names if n.endswith(".dist-info/METADATA"))))
    entries = []
    for prefix in ("", *(f"{extra}-" for extra in sys.argv[2:])):
        end = "/requirements/%spython%d.%d.txt" % (prefix, *sys.version_info[:2])
        lock = wheel.read(next(n for n in names if n.endswith(end)))
        entries += re.split(r"\n(?=\S)", lock.decode().replace("\\\n", ""))
direct = {}
for one in map(Requirement, metadata.get_all("Requires-Dist", [])):
    if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in sys.argv[2:]):
        name = canonicalize_name(one.name)
        direct[name] = direct[name] & one.specifier if name in direct else one.specifier


def is_there(name: str, pinned: str) -> bool:
    try:
        package = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    if not (Path(package.locate_file("")).is_relative_to(sys.prefix) or name in ("numpy", "pyyaml")):
        return False
    found = package.version
    return found == pinned or (name in direct and direct[name].contains(found))


for entry in entries:
    pin = re.match(r"([\w.-]+)==(\S+)", entry)
    if pin and not is_there(canonicalize_name(pin[1]), pin[2]):
        print(entry)
PYTHON
}

# Prints the lock entries for another Python, without what Debian has for it.
needed_by() {
    "$opt/.new/bin/python" -I - "$wheel" "$1" "$of_debian" "${extras[@]}" <<'PYTHON'
import re, sys, zipfile

path, python, of_debian, *extras = sys.argv[1:]
with zipfile.ZipFile(path) as wheel:
    for prefix in ("", *(f"{extra}-" for extra in extras)):
        name = next((n for n in wheel.namelist() if n.endswith(f"/requirements/{prefix}python{python}.txt")), None)
        lock = wheel.read(name).decode().replace("\\\n", "") if name else ""
        for entry in re.split(r"\n(?=\S)", lock):
            pin = re.match(r"([\w.-]+)==", entry)
            if pin and pin[1].lower() not in of_debian.split():
                print(entry)
PYTHON
}

# download LOCK WORD...: puts the wheels of the lock into the folder `wheels`: from the wheelhouse; without one, from the disk
# if the releases on it have kept all of them, else from the index. Their hashes are checked in each case.
download() {
    local lock=$1 words=(--no-deps --only-binary :all: --require-hashes -d "$new/wheels") folder links=()
    shift
    if [ -n "$wheelhouse" ]; then
        links=(--find-links "$wheelhouse")
    else
        for folder in "$opt"/*/wheels; do links+=(--find-links "$folder"); done
    fi
    ! inside -m pip download "${words[@]}" "$@" --no-index "${links[@]}" -r "$lock" || return 0
    # a wheelhouse means that there is no network, and before a start there is none, either
    [ -z "$before_start" ] && { [ -z "$wheelhouse" ] || [ -n "$kept" ]; } || return 1
    inside -m pip download "${words[@]}" "$@" -r "$lock"
}

# Puts all wheels of the release into its folder `wheels`: for the Python of this system, and for that of the next one, so
# that the release can be made again after an upgrade of the system.
keep_wheels() {
    local python newer='' minor machine kiosk
    mkdir -- "$new/wheels"
    cp -- "$wheel" "$new/wheels/"
    ! [ -s "$work/needed" ] || download "$work/needed" || failed 'a wheel is missing, and cannot be fetched.'
    machine=$(uname -m)
    for python in $pythons; do
        if [ -n "$newer" ] && needed_by "$python" >"$work/later" && [ -s "$work/later" ]; then
            kiosk=(--python-version "$python" --implementation cp --platform "manylinux2014_$machine")
            for minor in {17..36}; do kiosk+=(--platform "manylinux_2_${minor}_$machine"); done
            download "$work/later" "${kiosk[@]}" ||
                say "the wheels for Python $python cannot be had now: after an upgrade of the system, the repair needs a network"
        fi
        [ "$(python_name)" != "python$python" ] || newer=1
    done
}

# Makes the release below a temporary name, and renames it when it is complete and on the disk.
make_release() {
    local new=$opt/.new files version_made name
    inside() { "$new/bin/python" -I "$@" >>"$work/log" 2>&1; }
    version_made=$(basename -- "$wheel" | cut -d- -f2)
    name=$version_made
    # this version exists already, from other sources, or for another Python: the suffix comes from $source_id
    ! [ -e "$opt/$name" ] || name=$name.$(sha256sum <<<"$source_id" | cut -c1-8)
    # the one in use is damaged, so it cannot be replaced in one step; another was left by an interrupted run
    while [ "$name" = "$current" ] || [ "$name" = "$before" ] || [[ " $(running | tr '\n' ' ')" == *" $name "* ]]; do name=$name.1; done
    say "making $opt/$name${extras[*]:+ with ${extras[*]}}"
    making=$new
    rm -rf -- "$new"
    mkdir -p -- "$opt"
    /usr/bin/python3 -I -m venv --system-site-packages "$new" >>"$work/log" 2>&1 || failed 'the Python environment cannot be made.'
    still_needed >"$work/needed" 2>>"$work/log" || failed "$wheel is not a complete wheel of edged for this Python."
    keep_wheels
    if [ -s "$work/needed" ]; then
        inside -m pip install --no-deps --no-compile --only-binary :all: --ignore-installed --no-index \
            --find-links "$new/wheels" --require-hashes -r "$work/needed" || failed 'a wheel cannot be installed.'
    fi
    inside -m pip install --no-deps --no-compile --no-index "$wheel" || failed "$wheel cannot be installed."
    [ -z "$(still_needed)" ] || failed 'a package that edged needs is missing.'
    inside -m pip uninstall -y pip setuptools || failed 'pip cannot be removed.' # edged does not need it to run
    mapfile -t files < <(grep -rlIF -- "$new" "$new/bin" "$new/pyvenv.cfg")
    sed -i "s|$new|$opt/$name|g" "${files[@]}"
    inside -m compileall -q -s "$new" -p "$opt/$name" "$new/lib" || true # Python compiles the rest later
    "$new/bin/python" -I -m edged --version >>"$work/log" 2>&1 || failed 'the new release does not start.'
    printf '%s\n' "$source_id" >"$new/release"
    chmod -R go=u-w -- "$new"
    rm -rf -- "${opt:?}/$name" # left by an interrupted run, complete or not: nothing was ever switched to it
    sync -f -- "$new"
    mv -T -- "$new" "$opt/$name"
    making=''
    sync -f -- "$opt"
    release=$name made=1
    changed=1
}

switch_to() {
    begin
    ln -sfn -- "$1" "$opt/.current"
    mv -T -- "$opt/.current" "$opt/current" # one rename: there is a release at every moment
    sync -f -- "$opt"
}

# -- its files --------------------------------------------------------------------------------------------------------

# install_file FROM TO MODE [GROUP]: writes the whole file or nothing.
install_file() {
    local part
    part=$(dirname -- "$2")/.$(basename -- "$2").new
    note_folders "$(dirname -- "$2")"
    install -D -m "$3" -o root -g "${4:-root}" -- "$1" "$part"
    sync -- "$part"
    mv -T -- "$part" "$2"
}

# Records the folders that do not exist yet, those above first.
note_folders() {
    [ -d "$1" ] || { note_folders "$(dirname -- "$1")" && note folders "$1"; }
}

place() {
    local mode=0644
    [[ $2 != *.sh ]] || mode=0755
    cmp -s -- "$1" "$2" && return
    ! only_told "write $2" || return 0
    begin
    note files "$2"
    install_file "$1" "$2" "$mode"
    changed=1
    files_changed=1
}

# targets RELEASE: prints FROM-FILE TO-FILE for each file of a release that has its place elsewhere
targets() {
    local share=$opt/$1/share/edged/systemd file name systemd
    systemd=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
    while read -r file; do
        name=$(basename -- "$file")
        # the name of a drop-in says from which systemd on it applies
        [[ $name =~ systemd-([0-9]+)\.conf$ && ${BASH_REMATCH[1]} -gt $systemd ]] && continue
        case ${file#"$share/"} in
            *.service.d/*.conf | *.socket.d/*.conf) printf '%s %s\n' "$file" "$units/${file#"$share/"}" ;;
            *sysusers*) printf '%s %s\n' "$file" /usr/lib/sysusers.d/edged.conf ;;
            *tmpfiles*) printf '%s %s\n' "$file" /usr/lib/tmpfiles.d/edged.conf ;;
            *.rules) printf '%s %s\n' "$file" "/usr/lib/udev/rules.d/$name" ;;
            *.catalog) printf '%s %s\n' "$file" "/usr/lib/systemd/catalog/$name" ;;
            *.service | *.socket | *.path | *.timer | *.target | *.slice) printf '%s %s\n' "$file" "$units/$name" ;;
            *.py | *.sh) printf '%s %s\n' "$file" "$library/$name" ;;
        esac
    done < <(find "$share" -type f | sort)
    # for the time when no release can run, or none is there
    [ ! -e "$share/rescue.sh" ] || printf '%s %s\n' "$opt/$1/share/edged/install.sh" "$library/install.sh"
    share=$opt/$1/share
    while read -r file; do printf '%s %s\n' "$file" "/usr/local/share/${file#"$share/"}"; done < <(
        find "$share"/{man,bash-completion,zsh} -type f \( -name 'edged*' -o -name _edged \) 2>/dev/null | sort
    )
}

# Puts the files of a release into their places, and removes those that only the release before it had.
place_files() {
    local from=$opt/$release/share/edged/systemd source target wanted=()
    while read -r source target; do
        place "$source" "$target"
        wanted+=("$target")
    done < <(targets "$release")
    target=$library/command.sh
    [[ " ${wanted[*]} " == *" $target "* ]] || target=$opt/current/bin/edged # of a release before this one
    if [ "$(readlink -- "$command" || true)" != "$target" ]; then
        mkdir -p -- "$(dirname -- "$command")"
        ln -sfn -- "$target" "$command"
    fi
    # A release from before the companion. Its link in multi-user.target.wants stays, for the next release with one.
    [[ " ${wanted[*]} " == *" $units/$companion "* ]] || ! [ -e "$units/$companion" ] ||
        systemctl stop "$companion" 2>>"$work/log" || true
    while read -r target; do
        [[ " ${wanted[*]} " == *" $target "* ]] || ! [ -e "$target" ] || { begin && rm -f -- "$target" && files_changed=1 && changed=1; }
    done < <(noted files)
    [ -e "$units/edged.service" ] || die "the release is not complete: $from/edged.service is missing."
}

tell_system() {
    local udev=/usr/lib/udev/rules.d
    [ "$files_changed" = 1 ] || return 0
    systemctl daemon-reload
    ! [ -e /usr/lib/systemd/catalog/edged.catalog ] || journalctl --update-catalog >>"$work/log" 2>&1 || true
    if have udevadm && noted files | grep -q "^$udev/"; then
        udevadm control --reload 2>>"$work/log" || true
        udevadm trigger --subsystem-match=gpio --subsystem-match=spidev 2>>"$work/log" || true
        # only the devices with sound: an event for a disk may do more
        udevadm trigger --subsystem-match=usb --property-match='ID_USB_INTERFACES=*:01????:*' 2>>"$work/log" || true
    fi
}

# Adds the user and the groups. Debian has no gpio and no spi, and a unit that names a missing group does not start.
add_user() {
    local group name
    for group in edged edged-companion audio gpio spi; do getent group "$group" >/dev/null || note groups "$group"; done
    for name in edged edged-companion; do getent passwd "$name" >/dev/null || note users "$name"; done
    if [ "$files_changed" = 1 ] || ! is_whole_user; then
        changed=1
        systemd-sysusers /usr/lib/sysusers.d/edged.conf >>"$work/log" 2>&1 || failed 'the user edged cannot be created.'
        # a user edged that was there before may have another group
        is_whole_user || { usermod -a -G edged,audio,gpio,spi edged && usermod -a -G edged edged-companion; } >>"$work/log" 2>&1 || true
        is_whole_user || failed 'the user edged is not in its groups.'
    fi
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/edged.conf >>"$work/log" 2>&1 || true
}

is_whole_user() {
    local group in
    in=" $(id -nG edged 2>/dev/null) "
    for group in edged audio gpio spi; do [[ $in == *" $group "* ]] || return 1; done
    # a release before this one has no companion
    ! grep -q edged-companion /usr/lib/sysusers.d/edged.conf || [[ " $(id -nG edged-companion 2>/dev/null) " == *' edged '* ]]
}

# is_sample FILE: whether it is the configuration that came with a release, with nothing changed in it.
is_sample() {
    local hash list
    hash=$(hash_of "$1")
    for list in "$opt"/*/share/edged/samples.sha256 ${self:+"$(dirname -- "$(readlink -f -- "$self")")/samples.sha256"}; do
        ! grep -q "^$hash" "$list" 2>/dev/null || return 0
    done
    for list in "$opt"/*/share/edged/config.yaml; do ! cmp -s -- "$list" "$1" || return 0; done
    return 1
}

# Refuses --config where somebody has written the configuration that is there. Nothing was changed before.
judge_config() {
    local there=$etc/config.yaml
    { [ -n "$config" ] && [ -e "$there" ] && ! cmp -s -- "$config" "$there"; } || return 0
    [ -z "$replace_config" ] && ! is_sample "$there" || return 0
    die "$there has been changed on this machine, so $config was not used, and nothing was done: add --replace-config," \
        'which keeps a dated copy of the present file, or leave out --config.'
}

add_config() {
    local from=${config:-$opt/$release/share/edged/config.yaml} there=$etc/config.yaml copy
    if ! [ -e "$there" ]; then
        begin
        install_file "$from" "$there" 0640 edged
        changed=1
    elif [ -n "$config" ] && ! cmp -s -- "$config" "$there"; then
        begin
        if is_sample "$there"; then
            say "$there is $config now; the sample that was there had not been changed"
        else
            copy=$there.$(date +%Y%m%d-%H%M%S)
            install_file "$there" "$copy" 0640 edged
            say "$there is $config now; the file before it is $copy"
        fi
        install_file "$from" "$there" 0640 edged
        changed=1
    fi
    if [ -n "$key" ] && ! cmp -s -- "$key" "$etc/credentials/api-key"; then
        begin
        ! [ -e "$etc/credentials/api-key" ] || say "the key in $etc/credentials/api-key was replaced"
        install_file "$key" "$etc/credentials/api-key" 0600
        changed=1
        ! [ -e /etc/credstore.encrypted/edged.api-key ] ||
            say 'edged still uses the encrypted key, /etc/credstore.encrypted/edged.api-key: remove that to use this one'
    fi
}

# Puts the keys into $keys as the service gets them (LoadCredential= in the unit): in memory, never on the card.
gather_keys() {
    local plain sealed=/etc/credstore.encrypted/edged.api-key
    keys=$(mktemp -d /run/edged-install.XXXXXXXX)
    for plain in "$etc"/credentials/*; do
        ! [ -f "$plain" ] || ln -s -- "$plain" "$keys/edged_$(basename -- "$plain")"
    done
    [ -z "$key" ] || ln -sf -- "$key" "$keys/edged_api-key"
    ! [ -e "$sealed" ] || systemd-creds decrypt --name=api-key "$sealed" "$keys/api-key" 2>>"$work/log" ||
        failed "$sealed cannot be decrypted on this machine: encrypt the key again (docs/install.md)."
}

# Puts the file where it has the same files in conf.d beside it as it will have in /etc/edged.
stage_config() {
    mkdir -- "$work/etc"
    cp -- "$1" "$work/etc/config.yaml"
    ! [ -e "$etc/conf.d" ] || ln -s -- "$etc/conf.d" "$work/etc/conf.d"
}

# Lets the new release check the configuration, before anything is switched to it.
check_config() {
    local beside='' file=${config:-$etc/config.yaml} # judge_config has let it pass
    [ -e "$file" ] || file=$opt/$release/share/edged/config.yaml
    check_key
    gather_keys
    stage_config "$file"
    CREDENTIALS_DIRECTORY=$keys "$opt/$release/bin/edged" config check "$work/etc/config.yaml" >"$work/check" 2>&1 && return
    sed "s|$work/etc/config\.yaml|${file//[&|\\]/\\&}|g;s|$work/etc/conf\.d|$etc/conf.d|g" -- "$work/check" >&2
    ! [ -e "$work/etc/conf.d" ] || beside=" with the files in $etc/conf.d"
    say "edged $release cannot use $file$beside.${current:+ The kiosk stays as it was.} Correct it and run this again." >&2
    exit 78
}

# Lets the new release look at the file with the key: quotation marks, a name before it, more than one line.
check_key() {
    [ -n "$key" ] || return 0
    "$opt/$release/bin/python" -I - "$key" >"$work/check" 2>>"$work/log" <<'PYTHON' && return
import sys
from pathlib import Path
try:
    from edged.config import check_key
except ImportError:  # an older release
    sys.exit()
print(*(problems := check_key(Path(sys.argv[1]))), sep="\n")
sys.exit(bool(problems))
PYTHON
    cat -- "$work/check" >&2
    say "the key was not used, and nothing was changed. Correct the file and run this again." >&2
    exit 78
}

# -- the service ------------------------------------------------------------------------------------------------------

# Whether the configuration uses the embedded service on this machine, for a release that does not decide that itself.
wants_local() {
    "$opt/$release/bin/edged" config show --json --config "$etc/config.yaml" 2>>"$work/log" |
        "$opt/$release/bin/python" -I -c '
import json, sys
provider = json.load(sys.stdin)["config"]["provider"]
sys.exit(provider["name"] != "local" or provider["url"] != "")'
}

# Whether a button of the configuration may shut the machine down.
wants_shutdown() {
    "$opt/$release/bin/edged" config show --json --config "$etc/config.yaml" 2>>"$work/log" |
        "$opt/$release/bin/python" -I -c '
import json, sys
config = json.load(sys.stdin)["config"]
gestures = (config["button"][key] for key in ("long_press", "very_long_press", "double_press"))
sys.exit("shutdown" not in (*gestures, *(button["role"] for button in config["buttons"])))'
}

# enable_unit UNIT yes|no: makes the unit start when the machine boots, or not.
enable_unit() {
    local is
    is=$(systemctl is-enabled "$1" 2>/dev/null || true)
    if [ "$2" = yes ] && [ "$is" != enabled ]; then
        systemctl enable --quiet "$1" 2>>"$work/log" || failed "$1 cannot be enabled."
        changed=1
    elif [ "$2" = no ] && [ "$is" = enabled ]; then
        systemctl disable --now --quiet "$1" 2>>"$work/log" || true
        changed=1
    fi
}

enable_units() {
    enable_unit edged.service yes
    if wants_shutdown; then
        enable_unit edged-shutdown.path yes
        [ -z "$start" ] || systemctl start edged-shutdown.path 2>>"$work/log" || true
    else
        enable_unit edged-shutdown.path no
    fi
    if [ -e "$opt/$release/share/edged/systemd/edged-local.path" ]; then
        # edged itself starts and stops it; a release before this one has enabled it
        [ "$(systemctl is-enabled edged-local.service 2>/dev/null)" != enabled ] ||
            systemctl disable --quiet edged-local.service 2>>"$work/log" || true
    elif wants_local; then
        enable_unit edged-local.service yes
    else
        enable_unit edged-local.service no
    fi
    # only when it is asked for the first time: later its owner may have disabled it, and that stays
    [[ " ${extras[*]} " != *' companion '* ]] || noted extras | grep -qx companion ||
        ! [ -e "$units/$companion" ] || enable_unit "$companion" yes
}

# Lets the companion run from this release, if it is enabled. Its trouble is no reason to go back: the kiosk does not need it.
renew_companion() {
    [ -n "$start" ] && [ "$(systemctl is-enabled "$companion" 2>/dev/null || true)" = enabled ] || return 0
    ! { systemctl is-active --quiet "$companion" && [ "$(release_of "$companion")" = "$release" ]; } || [ "$files_changed" = 1 ] || return 0
    systemctl reset-failed "$companion" 2>/dev/null || true
    systemctl restart "$companion" >>"$work/log" 2>&1 ||
        say "the companion does not run; the kiosk does not need it. See journalctl -u ${companion%.service}"
}

process() { systemctl show -p MainPID --value "${1:-edged.service}"; }
answers() { systemctl is-active --quiet edged.service &&
    "$opt/current/bin/edged" status --json --socket /run/edged/control.sock >>"$work/log" 2>&1; }

# is_healthy SECONDS: whether edged is up within SECONDS, and the same process answers for two seconds. A service that
# has failed three times will fail again.
is_healthy() {
    local until=$((SECONDS + $1)) was
    while [ "$SECONDS" -lt "$until" ]; do
        was=$(process)
        if answers; then
            sleep 2
            if answers && [ "$(process)" = "$was" ]; then return 0; fi
        elif systemctl is-failed --quiet edged.service ||
            [ "$(systemctl show -p NRestarts --value edged.service)" -ge 3 ]; then
            return 1
        else
            sleep 0.5
        fi
    done
    return 1
}

# start_service SECONDS: starts edged, and waits at most SECONDS until it is healthy.
start_service() {
    local unit started=(edged.service)
    # it may run from another release
    ! systemctl is-active --quiet edged-local.service || started=(edged-local.service edged.service)
    [ "$(systemctl is-enabled edged-local.service 2>/dev/null)" != enabled ] || started=(edged-local.service edged.service)
    for unit in "${started[@]}"; do
        systemctl stop "$unit" 2>>"$work/log" || true
        systemctl reset-failed "$unit" 2>/dev/null || true
        systemctl start "$unit" >>"$work/log" 2>&1 || true # is_healthy looks at the result
    done
    is_healthy "$1"
}

has_health() { grep -q -- --health <<<"$("$opt/current/bin/edged" doctor --help 2>/dev/null || true)"; }
# is_ready SECONDS: whether a visitor can be served within SECONDS: the link is up, and the devices are there.
is_ready() {
    "$opt/current/bin/edged" doctor --health --within "$1" --socket /run/edged/control.sock >"$work/ready" 2>&1
}

# Whether the configuration has changed since edged has read it (edged/last_resort.py has the same hash).
config_changed() {
    local file was
    was=$(sed -n 's/^configuration=//p' "$state/rescue" 2>/dev/null || true)
    [ -n "$was" ] || return 1
    [ "$was" != "$(for file in "$etc"/config.yaml "$etc"/conf.d/*.yaml; do
        ! [ -e "$file" ] || printf '%s\n%s\n' "$file" "$(hash_of "$file")"
    done | sha256sum | cut -d' ' -f1)" ]
}

# Notes whether the release in use can serve a visitor. The one that takes its place has to be able to, too, unless its
# configuration or its key is another one.
judge_before() {
    [ -z "$config$key" ] && [ "$before" != "$release" ] && ! config_changed && answers && is_ready 0 || return 0
    was_ready=1
}

start_or_take_back() {
    local broken=$release
    if ! start_service "$health_s"; then
        journalctl -u edged.service -n 15 --no-pager -o cat >&2 || true
        if [ -z "$before" ] || [ "$before" = "$release" ] || ! is_whole "$before"; then
            die 'edged is installed but does not run; its last lines are above, the others in journalctl -u edged'
        fi
        say "edged $broken does not run (its last lines are above): going back to $before" >&2
    elif [ -n "$was_ready" ] && has_health && ! is_ready "$health_s"; then
        cat -- "$work/ready" >&2
        say "edged $broken runs, but cannot serve anybody, and $before could" >&2
        say "going back to $before" >&2
    else
        say "edged $release is up"
        return
    fi
    switch_to "$before"
    release=$before files_changed=0
    place_files
    tell_system
    enable_units
    # there is nothing else to go back to, so wait longer
    start_service $((health_s * 3)) || die "edged $before does not run either: see journalctl -u edged"
    renew_companion
    finish
    [ -n "$made" ] || die "edged $before is up again; $broken stays on the disk."
    rm -rf -- "${opt:?}/$broken"
    die "edged $before is up again; $broken was removed."
}

has_verb() { "$opt/current/bin/edged" "$1" --help >/dev/null 2>&1; }

# is_decided SECONDS: whether the link is up, or edged knows why not. In the first two seconds, a fault may be that of a link
# which the restart has cut.
is_decided() {
    local said='up": true'
    [ "$1" -lt 2 ] || said+='|what": "line'
    "$opt/current/bin/edged" status --json --socket /run/edged/control.sock >"$work/status" 2>>"$work/log" || true
    grep -qE "\"($said)" "$work/status"
}

# Says what is missing yet, and the next command. The link gets ten seconds to come up.
tell_end() {
    local line since next='sudo edged status'
    if has_health; then
        since=$SECONDS
        while [ $((SECONDS - since)) -lt 10 ] && ! is_decided $((SECONDS - since)); do sleep 0.5; done
        timeout 60 "$opt/current/bin/edged" doctor --short --no-ask </dev/null >"$work/found" 2>>"$work/log" || true
        while read -r line; do say "$line"; done <"$work/found"
        is_ready 3 || next='sudo edged doctor'
    fi
    ! { has_verb setup && is_sample "$etc/config.yaml"; } || next='sudo edged setup'
    say "next: $next"
}

# Says how long the journal keeps its lines, because a fault can be explained only that long. Its settings belong to the
# machine, so the installer does not change them.
tell_of_journal() {
    local settings storage
    settings=$(systemd-analyze cat-config systemd/journald.conf 2>/dev/null || true)
    storage=$(sed -n 's/^Storage=//p' <<<"$settings" | tail -n 1)
    if [ "$storage" = none ]; then
        say 'this machine keeps no journal, so a failure of edged cannot be explained later (docs/install.md)'
    elif [ "$storage" = volatile ] || { [ "${storage:-auto}" = auto ] && ! [ -d /var/log/journal ]; }; then
        say 'the journal is kept in memory: a restart clears it, but that spares an SD card (docs/install.md)'
    elif ! grep -q '^SystemMaxUse=' <<<"$settings"; then
        say 'the journal may grow to a tenth of the disk; SystemMaxUse=50M spares an SD card (docs/install.md)'
    fi
}

# Says what about this machine can spoil a kiosk: Wi-Fi, USB, HDMI, the power supply (docs/machine.md). The installer
# changes none of it, and a kiosk works without this check.
tell_of_machine() {
    local line
    "$opt/$release/bin/python" -I -c '
import sys
from pathlib import Path
from edged.app.machine_check import lines
print(*lines(Path(sys.argv[1])), sep="\n")' "$etc/config.yaml" >"$work/machine" 2>>"$work/log" || return 0
    while read -r line; do [ -z "$line" ] || say "$line"; done <"$work/machine"
}

# Prints the releases that run. Their processes still import from them; after --no-start they may be older ones.
running() {
    local unit
    for unit in edged.service edged-local.service "$companion"; do release_of "$unit"; done
}
# Prints the release that the unit runs from. A unit that does not run has no process.
release_of() { { tr '\0' '\n' <"/proc/$(process "$1")/cmdline" | sed -nE "1s|^$opt/([^/]+)/.*|\1|p"; } 2>/dev/null || true; }

# Removes old releases. This one, the one to go back to and those that run stay.
drop_old() {
    local directory name run back
    mapfile -t run < <(running)
    back=$(noted previous)
    for directory in "$opt"/*/; do
        name=$(basename -- "$directory")
        case $name in
            current | "$release" | "$back") ;;
            *) [[ " ${run[*]} " == *" $name "* ]] || rm -rf -- "$directory" ;;
        esac
    done
}

# Notes the release to go back to: the one before, unless that was only damaged or made for another Python.
note_previous() {
    local name=$before
    [ "$name" != "$release" ] || name=$current
    [ -z "$repair" ] || name=$left
    { [ -n "$name" ] && [ "$name" != "$release" ] && [ "$(noted previous)" != "$name" ]; } || return 0
    printf '%s\n' "$name" >"$work/previous"
    mkdir -p -- "$record"
    install_file "$work/previous" "$record/previous" 0644
}

# Puts the files of the present release into their places again. A newer systemd may need more of them than the one before,
# and the fault light needs them, too, if the release cannot be made again.
renew_files() {
    [ -e "$opt/$current/share/edged/systemd/edged.service" ] || return 0
    release=$current
    place_files
    tell_system
    release='' files_changed=0
}

# -- install and uninstall --------------------------------------------------------------------------------------------

install_edged() {
    local extra
    current=$(readlink -- "$opt/current" 2>/dev/null || true)
    [ -e "$opt/$current/release" ] || current=''
    before=$current
    [ -n "$dry" ] || resume
    ask "Install edged here${current:+, in place of $current}?"
    judge_config
    [ -z "$wheel" ] || check_wheel
    # without a release on the disk, no package helps
    [ -n "$(releases)" ] || [ -z "$rollback$version" ] || [ -n "$wheelhouse" ] ||
        die "there is no release on this machine: install one first, for example with --wheel FILE."
    [ -z "$before_start" ] || renew_files
    add_packages
    choose_source
    if [ -z "$release" ] && ! release=$(find_release); then
        ! only_told "make a release below $opt, write its files below $units, and add the user edged and $etc" || return 0
        fetch_wheel
        make_release
    fi
    if [ -n "$dry" ]; then
        [ "$current" = "$release" ] || say "would switch to $opt/$release"
        local source target
        while read -r source target; do place "$source" "$target"; done < <(targets "$release")
        return 0
    fi
    [ -n "$before_start" ] || check_config
    judge_before
    [ "$current" = "$release" ] || { switch_to "$release" && changed=1; }
    place_files
    add_user
    tell_system
    add_config
    [ -n "$before_start" ] || enable_units
    if [ -n "$before_start" ]; then
        say "edged $release was made again for $(/usr/bin/python3 -I -V); edged starts with it"
    elif [ -z "$start" ]; then
        say "edged $release is installed; start it with sudo systemctl restart edged"
    elif [ "$changed" = 1 ] || ! systemctl is-active --quiet edged.service || ! [ "$(release_of edged.service)" = "$release" ]; then
        start_or_take_back
        [ -n "$before" ] || tell_of_journal
    else
        say "edged $release is installed and runs; nothing was changed"
    fi
    renew_companion
    for extra in "${extras[@]}"; do note extras "$extra"; done
    note_previous
    drop_old
    [ -z "$begun" ] || finish
    [ -z "$before_start" ] || return 0
    if [ -z "$start" ] || ! has_health; then tell_of_machine; fi # the doctor tells it, too
    [ -z "$start" ] || tell_end
}

uninstall_edged() {
    local unit name
    [ -d "$record" ] || [ -d "$opt" ] || { say 'edged is not installed here' && return; }
    ask "Uninstall edged${purge:+, with its configuration, state and user}?"
    ! only_told "stop edged and remove $opt and its files${purge:+, $etc, $state and the user}" || { remove_packages && return; }
    systemctl disable --now --quiet edged.service edged-local.service edged-shutdown.path 2>>"$work/log" || true
    systemctl disable --now --quiet "$companion" 2>>"$work/log" || true
    rm -f -- "$units/multi-user.target.wants/$companion" # of a release that is not there any more
    systemctl stop edged-local.path 2>>"$work/log" || true
    while read -r unit; do
        [ "${unit%/*}" != "$units" ] || systemctl stop "${unit##*/}" 2>>"$work/log" || true
    done < <(noted files)
    systemctl reset-failed 'edged*' 2>/dev/null || true
    while read -r name; do
        rm -f -- "$name"
        rmdir -- "$(dirname -- "$name")" 2>/dev/null || true # a folder of our drop-ins
    done < <(noted files | grep -v "^$record")
    while read -r name; do rmdir -- "$name" 2>/dev/null || true; done < <(noted folders | grep "^/usr/" | sort -r)
    case $(readlink -- "$command" || true) in "$opt/current/bin/edged" | "$library/command.sh") rm -f -- "$command" ;; esac
    systemctl daemon-reload
    journalctl --update-catalog >>"$work/log" 2>&1 || true
    if [ -n "$purge" ]; then purge_rest; fi
    remove_packages
    rm -rf -- "$opt"
    if [ -n "$purge" ]; then
        rm -rf -- "$record"
    else
        rm -f -- "$record"/{files,folders,packages,before,extras,previous,unfinished}
    fi
    say "edged is uninstalled${purge:+, with its configuration, state and user}"
}

purge_rest() {
    local name
    rm -rf -- "$etc" "$state" "$companion_state" /var/cache/edged
    while read -r name; do
        ! getent passwd "$name" >/dev/null || userdel "$name" 2>>"$work/log" || true
    done < <(noted users)
    while read -r name; do
        ! getent group "$name" >/dev/null || groupdel "$name" 2>>"$work/log" || true
    done < <(noted groups)
}

main() {
    [ -z "$self" ] || self=$(realpath -- "$self")
    read_options "$@"
    check_machine
    export LC_ALL=C.UTF-8
    export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PYTHONDONTWRITEBYTECODE=1
    umask 022
    exec {lock}>/run/edged-install.lock
    flock -n "$lock" || die 'another installation is running here: wait for its end.'
    rm -rf -- /run/edged-install.???????? # of a run that was killed
    work=$(mktemp -d)
    trap 'rm -rf -- "$work" ${keys:+"$keys"} ${making:+"$making"}' EXIT
    export TMPDIR=$work # what pip leaves when it is interrupted goes, too
    cd /
    if [ -n "$uninstall" ]; then uninstall_edged; else install_edged; fi
}

main "$@"; exit; }
