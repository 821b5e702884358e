/** The script that reads a Debian or Ubuntu device in one visit. It changes nothing and starts few processes. */
import { sh } from './apt-text.ts';
import type { Visit } from './backend.ts';

/** Files of a private root come before the machine's own; `DPKG_ROOT` is empty on a real device. */
const facts = sh`
export LC_ALL=C LANGUAGE=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
R=\${DPKG_ROOT:-}
echo '#patchherd facts'
# Health checks run side by side while the rest is read: ten seconds for all, two more for one that will not end.
for check in "$R"/etc/patchherd/health.d/*; do
  [ -f "$check" ] && [ -x "$check" ] || continue
  { timeout -k 2 10 "$check" </dev/null >/dev/null 2>&1; printf 'check %s %s\n' "$?" "\${check##*/}"; } &
done
while IFS= read -r line; do
  case $line in ID=*|VERSION_ID=*|VERSION_CODENAME=*) printf 'os %s\n' "$line" ;; esac
done <"$R/etc/os-release"
native=$(dpkg --print-architecture)
printf 'architecture %s\n' "$native"
kernel_says() {
  file=$R/proc/$2
  [ -r "$file" ] || file=/proc/$2
  IFS= read -r line <"$file" && printf '%s %s\n' "$1" "$line"
}
kernel_says kernel sys/kernel/osrelease
kernel_says kernel-build version
kernel_says boot-id sys/kernel/random/boot_id
for image in "$R"/boot/vmlinuz-*; do
  release=\${image##*/vmlinuz-}
  [ -e "$R/var/lib/dpkg/info/linux-image-$release.list" ] && printf 'kernel-image %s\n' "$release"
done
if [ -e "$R/run/reboot-required" ]; then
  echo 'reboot-required'
  [ ! -r "$R/run/reboot-required.pkgs" ] || while IFS= read -r line; do
    printf 'reboot-because %s\n' "$line"
  done <"$R/run/reboot-required.pkgs"
fi
if [ -d "$R/run/systemd/system" ] && [ -x "$R/usr/bin/systemctl" ]; then
  "$R/usr/bin/systemctl" list-units --state=failed --plain --no-legend --no-pager | while read -r unit rest; do
    printf 'failed-unit %s\n' "$unit"
  done
fi
if [ -r "$R/usr/local/lib/patchherd/helper" ]; then
  while IFS= read -r line; do
    case $line in '# version: '*) printf 'helper %s\n' "\${line#*: }"; break ;; esac
  done <"$R/usr/local/lib/patchherd/helper"
fi
date '+time %s%3N'
wait
echo '#patchherd disk'
df -Pk "$R/" "$R/var" "$R/boot" 2>/dev/null
if [ -x "$R/snap/bin/canonical-livepatch" ]; then
  echo '#patchherd livepatch'
  timeout 20 "$R/snap/bin/canonical-livepatch" status --format json </dev/null 2>/dev/null
  echo
fi
`;

/**
 * The stamp is taken before anything that it stands for is read, so a change in between gives another stamp next time. dpkg and apt
 * replace these files by renaming new ones over them: a new inode, a new time in nanoseconds, a new size. The leading number is this
 * script's own version: another reading of the same device is not "unchanged".
 */
const stamp = sh`
stamp=$(stat -c '%n %s %.Y %i' "$R"/var/lib/dpkg/status "$R"/var/lib/dpkg/updates "$R"/var/lib/dpkg/arch \
  "$R"/var/lib/apt/extended_states "$R"/var/lib/apt/lists "$R"/etc/apt "$R"/etc/apt/* "$R"/etc/apt/*/* \
  \${APT_CONFIG:+"$APT_CONFIG"} 2>/dev/null | cksum)
stamp=2-\${stamp% *}-\${stamp#* }
printf '#patchherd stamp %s\n' "$stamp"
if [ "$stamp" = "$1" ]; then
  echo '#patchherd unchanged'
  echo '#patchherd end'
  exit 0
fi
`;

/** What is installed, what apt would do, and which source package each offered version was built from. */
const inventory = sh`
set -f
if [ -x "$R/usr/sbin/needrestart" ]; then
  echo '#patchherd needrestart'
  timeout 60 "$R/usr/sbin/needrestart" -b -r l </dev/null 2>/dev/null
fi
echo '#patchherd packages'
dpkg-query -W -f='\${binary:Package}\t\${Version}\t\${Architecture}\t\${source:Package}\t\${source:Version}\t\${db:Status-Abbrev}\n'
# Each apt starts two processes to learn the architectures unless it is told them. An administrator's own list is left alone.
arches=
if ! grep -rqs Architectures "$R/etc/apt/apt.conf" "$R/etc/apt/apt.conf.d" \${APT_CONFIG:+"$APT_CONFIG"}; then
  arches="-o APT::Architectures::=$native"
  [ ! -r "$R/var/lib/dpkg/arch" ] || while IFS= read -r line; do
    arches="$arches -o APT::Architectures::=$line"
  done <"$R/var/lib/dpkg/arch"
fi
# Show-versions would change the lists. With -f a plan exists also while something is broken, and costs more.
simulate() {
  apt-get -s "$@" $arches -o Debug::NoLocking=1 -o APT::Get::Show-Versions=false -o APT::Get::Show-User-Simulation-Note=false dist-upgrade 2>&1
}
plan=$(simulate)
code=$?
if [ "$code" != 0 ]; then
  plan=$(simulate -f)
  code=$?
fi
printf '#patchherd plan %s\n' "$code"
printf '%s\n' "$plan"
# By the shell itself: another process for it would cost more than the reading.
kept= offers= keeps=
IFS='
'
for line in $plan; do
  case $line in
    'The following packages have been kept back:'* | 'The following upgrades have been deferred'*) keeps=yes ;;
    'Inst '*)
      keeps=
      name=\${line#Inst }
      version=\${line#*\(}
      offers="$offers \${name%% *}=\${version%% *}" ;;
    ' '*) [ -z "$keeps" ] || kept="$kept$line" ;;
    *) keeps= ;;
  esac
done
unset IFS
if [ -n "$kept" ]; then
  versions=$(apt-cache $arches policy $kept)
  echo '#patchherd archives'
  apt-cache $arches policy
  printf '#patchherd policy\n%s\n' "$versions"
  offers="$offers $(printf '%s\n' "$versions" | awk '
    /^[^ ]+:$/ { name = substr($1, 1, length($1) - 1) }
    $1 == "Candidate:" { print name "=" $2 }')"
fi
echo '#patchherd sources'
tell() {
  [ -z "$package" ] || printf '%s %s %s %s %s\n' "$package" "$version" "$arch" "\${source:-$package}" "\${built:-$version}"
}
package=
shown=
[ -z "$offers" ] || shown=$(apt-cache $arches show --no-all-versions $offers)
IFS='
'
for line in $shown; do
  case $line in
    'Package: '*) tell; package=\${line#* } version= arch= source= built= ;;
    'Version: '*) version=\${line#* } ;;
    'Architecture: '*) arch=\${line#* } ;;
    'Source: '*' ('*) source=\${line#* } built=\${line#*\(} source=\${source%% *} built=\${built%)} ;;
    'Source: '*) source=\${line#* } ;;
  esac
done
tell
unset IFS
echo '#patchherd end'
`;

/** Sections: facts, disk, livepatch where that is installed, stamp, then either `unchanged`, or packages, plan and sources; archives and policy when apt kept something. */
const script = `${facts}${stamp}${inventory}`;

/** One scan; see Backend.scan. */
export const scan = (seenStamp: string | null): Visit => ({
  argv: ['sh', '-s', '--', seenStamp ?? '-'],
  stdin: script,
});
