/** The script that `device prepare` runs as root on a device: it puts the root helper and the sudo rule in place, or changes nothing. */

/** Ends what standard input may hold before the helper: a sudo that wants no password leaves the password there unread. */
export const PAYLOAD_MARK = 'PATCHHERD-PAYLOAD';

/**
 * Arguments: place of the helper, its size in bytes, text of the sudo rule ('' = none is needed). Standard input: anything, a line
 * PATCHHERD-PAYLOAD, the helper. Answers in lines: `changed helper`, `same helper`, `changed sudoers`, `same sudoers`, then `done`; or
 * `refused <code> <detail>`. Files appear by rename, so that neither a half helper nor a half rule is ever seen; sudo ignores the
 * temporary name because it has a dot (sudoers(5), @includedir). With DPKG_ROOT set all paths are below it and belong to the caller.
 */
export const prepareScript = String.raw`
set -u
umask 022
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
root=${'$'}{DPKG_ROOT:-} place=$1 bytes=$2 rule=$3
owner=$(id -u) group=$(id -g) new=
trap 'rm -f "$new"' EXIT

refuse() {
  printf 'refused %s %s\n' "$1" "$2"
  exit 0
}
mine() { # this file or directory: nobody but its owner may change it
  [ -z "$(find -H "$1" -prune \( ! -user "$owner" -o -perm -0002 -o -perm -0020 ! -group "$group" \) -print)" ]
}
directory() {
  [ "$1" = / ] || directory "$(dirname "$1")"
  [ -d "$root$1" ] || mkdir "$root$1" || refuse failed "cannot make $root$1"
  mine "$root$1" || refuse unsafe-directory "$root$1"
}
place_new() { # name, mode, target: the new file goes there, unless the same is there already
  chmod "$2" "$new" && { [ "$owner" != 0 ] || chown 0:0 "$new"; } || refuse failed "cannot set the owner of $new"
  if [ -f "$3" ] && [ ! -L "$3" ] && cmp -s "$new" "$3" && [ -n "$(find "$3" -prune -user "$owner" -perm "$2" -print)" ]; then
    rm -f "$new"
    echo "same $1"
  else
    [ ! -d "$3" ] && mv -f "$new" "$3" || refuse failed "cannot write $3"
    echo "changed $1"
  fi
  new=
}

[ "$owner" = 0 ] || [ -n "$root" ] || refuse no-root "the user id is $owner"
while IFS= read -r line && [ "$line" != ${PAYLOAD_MARK} ]; do :; done
directory "${'$'}{place%/*}"
new=$(mktemp "$root${'$'}{place%/*}/.patchherd.XXXXXX") || refuse failed "cannot write to $root${'$'}{place%/*}"
cat >"$new"
[ "$(($(wc -c <"$new")))" = "$bytes" ] || refuse failed 'the helper arrived incomplete'
if [ -n "$rule" ]; then
  [ -n "$root" ] || { command -v visudo && [ -d /etc/sudoers.d ]; } >/dev/null || refuse no-sudo 'there is no visudo or no /etc/sudoers.d'
  directory /etc/sudoers.d
fi
place_new helper 0755 "$root$place"
if [ -n "$rule" ]; then
  new=$(mktemp "$root/etc/sudoers.d/.patchherd.XXXXXX") || refuse failed 'cannot write to /etc/sudoers.d'
  printf '%s' "$rule" >"$new"
  if command -v visudo >/dev/null; then
    said=$(visudo -cf "$new" 2>&1) || refuse bad-sudoers "$(printf '%s' "$said" | tr '\n' ' ')"
  fi
  place_new sudoers 0440 "$root/etc/sudoers.d/patchherd"
fi
echo done
`;
