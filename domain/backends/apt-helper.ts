/** The root helper of Debian and Ubuntu devices: the only program that patchherd runs as root there. */
import { atomically, detached } from './apt-helper-detached.ts';
import { planning, preparing } from './apt-helper-prepare.ts';
import { sh } from './apt-text.ts';

const path = '/usr/local/lib/patchherd/helper';
/** Changes with the script, so that a device with an older one is seen. */
const version = '1';

/** Its own surroundings, whoever calls: sudo or a login as root. A private root for tests and demos is never taken through sudo. */
const surroundings = sh`#!/bin/sh
# version: ${version}
# patchherd's root helper: one order as JSON on standard input, one answer as JSON on standard output, no arguments.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C LANGUAGE=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l APT_LISTCHANGES_FRONTEND=none
export PATH LC_ALL LANGUAGE DEBIAN_FRONTEND NEEDRESTART_MODE APT_LISTCHANGES_FRONTEND
unset CDPATH ENV
umask 022
R=\${DPKG_ROOT:-}
helper=$0
state=$R/var/lib/patchherd

# Text to the inside of a JSON string: what is not printable ASCII becomes a question mark.
escape() {
  tr -c '\11\12\40-\176' '?' | sed -e 's/[\\"]/\\&/g' -e 's/\t/\\t/g' | awk '{ printf "%s%s", gap, $0; gap = "\\n" }'
}
answer() { printf '{"kind":"%s"}\n' "$1"; exit 0; }
refuse() {
  printf '{"kind":"refused","code":"helper.%s","text":"%s"}\n' "$1" "$(printf '%s\n' "$2" | escape)"
  exit 0
}
boot_id() { cat "$R/proc/sys/kernel/random/boot_id" 2>/dev/null || cat /proc/sys/kernel/random/boot_id; }
`;

/**
 * An order is refused unless it is, byte for byte, of one of the forms of HelperOrder in the order of keys that `order` in apt.ts
 * writes: what passes holds no quote, backslash, space or shell character inside of a value.
 */
const reading = sh`
name='"[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?"'
version='(null|"([0-9]+:)?[0-9][A-Za-z0-9.+~:-]*")'
opid='"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"'
fenced="\"id\":$opid,\"fence\":[0-9]{1,15}"
item="\{\"name\":$name,\"arch\":\"[a-z0-9-]+\",\"from\":$version,\"to\":$version\}"
items="\"items\":\[$item(,$item)*\]"

form_of() {
  case $1 in
    refresh) echo '\{"op":"refresh"\}' ;;
    prepare) echo "\{\"op\":\"prepare\",$fenced,$items\}" ;;
    install) echo "\{\"op\":\"install\",$fenced,$items,\"conffiles\":\"(keep|replace)\"\}" ;;
    undo) echo "\{\"op\":\"undo\",$fenced,\"of\":$opid\}" ;;
    reboot) echo "\{\"op\":\"reboot\",$fenced\}" ;;
    poll) echo "\{\"op\":\"poll\",\"id\":$opid\}" ;;
    *) echo 'no such order' ;;
  esac
}
# A value has no quote, so what looks like a key is one.
text_of() { rest=\${order#*"\"$1\":\""}; printf '%s' "\${rest%%\"*}"; }

read_order() {
  # Line ends and all else that no form has become "!".
  order=$(head -c 65537 | tr '\000-\040\177-\377' '!')
  [ "\${#order}" -le 65536 ] || refuse bad-order 'the order is longer than 64 KiB'
  op_name=$(text_of op)
  printf '%s' "$order" | grep -Eqx -e "$(form_of "$op_name")" || refuse bad-order 'the order is not of a known form'
  id=$(text_of id)
  op=$state/ops/$id
  rest=\${order#*'"fence":'}
  fence=\${rest%%[,\}]*}
}
# One item a line: name architecture from to.
items_of_order() {
  printf '%s\n' "$order" | sed -e 's/.*"items":\[{"name"://' -e 's/}\].*//' -e 's/},{"name":/\n/g' \
    -e 's/,"arch":/ /g' -e 's/,"from":/ /g' -e 's/,"to":/ /g' -e 's/"//g'
}
`;

const dispatch = sh`
[ $# -eq 0 ] || refuse bad-order 'arguments are not accepted'
# Set only by this script for its own detached half; sudo clears the environment and always sets SUDO_UID.
if [ -n "\${PATCHHERD_OP:-}" ] && [ -z "\${SUDO_UID:-}" ]; then
  id=$PATCHHERD_OP
  op=$state/ops/$id
  work
  exit 0
fi
[ -z "$R" ] || [ -z "\${SUDO_UID:-}" ] || refuse bad-order 'a private root is not accepted through sudo'
read_order
(umask 077; mkdir -p "$state/ops") || refuse failed "cannot write to $state"
case $op_name in
  refresh) refresh ;;
  poll) poll ;;
  prepare) pass_fence; exec 9>&-; prepare ;;
  *) pass_fence; start ;;
esac
`;

export const aptHelper = {
  path,
  version,
  script: [surroundings, reading, atomically, planning, preparing, detached, dispatch].join(''),
};
