/** The part of the root helper that changes packages: started once for each id, detached from the connection, asked by poll. */
import { sh } from './apt-text.ts';

/**
 * What makes a start happen once: a lock around every decision, a fence that only grows, a folder for each id that mkdir makes, and
 * an answer that is renamed into place. Written through to disk before anything starts, because a crash may follow.
 */
export const atomically = sh`
# Leaves the lock held as descriptor 9.
pass_fence() {
  exec 9>"$state/lock"
  flock -w 60 9 || refuse busy 'another order is being taken'
  seen=
  [ ! -f "$state/fence" ] || read -r seen <"$state/fence"
  [ "$fence" -ge "\${seen:-0}" ] || refuse fenced "fence $fence is older than $seen, which this device has seen"
  [ "$fence" -gt "\${seen:-0}" ] || return 0
  printf '%s\n' "$fence" >"$state/fence.new" && sync "$state/fence.new" && mv "$state/fence.new" "$state/fence" ||
    refuse failed "cannot write to $state"
}

# A process is known by its id, its start in clock ticks since boot (proc(5), field 22), and the boot. A zombie has ended.
started_at() {
  IFS= read -r stat <"/proc/$1/stat" || return 1
  set -- \${stat##*') '}
  [ "$1" != Z ] || return 1
  shift 19
  echo "$1"
} 2>/dev/null
track() { printf '%s %s %s\n' "$1" "$(started_at "$1")" "$(boot_id)" >>"$op/process"; }
is_alive() {
  now=$(boot_id)
  while read -r pid start boot; do
    [ "$boot" = "$now" ] && [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] && return 0
  done <"$op/process"
  return 1
} 2>/dev/null

# The items as dpkg has them now: name architecture version-or-null whole.
states() {
  cut -d ' ' -f 1 "$op/items" | xargs dpkg-query -W -f '\${Package}\t\${Architecture}\t\${db:Status-Abbrev}\t\${Version}\n' 2>/dev/null |
    awk -F '\t' -v native="$(dpkg --print-architecture)" '
      !items {
        key = $2 == native || $2 == "all" ? $1 : $1 ":" $2
        # Wanted, so, error: dpkg-query(1). Neither never installed nor only configured is a version.
        if ($4 != "" && $3 !~ /^.[nc]/) { version[key] = $4; whole[key] = $3 ~ /^.i *$/ }
        next
      }
      { split($0, item, " "); has = item[1] in version
        print item[1], item[2], has ? version[item[1]] : "null", has && !whole[item[1]] ? "false" : "true" }
    ' - items=1 "$op/items"
}
done_with() {
  printf '{"kind":"done","code":%s,"log":"' "$1"
  tail -c 65536 "$op/log" 2>/dev/null | escape
  printf '","packages":['
  [ ! -s "$op/items" ] || states | awk '{
    version = $3 == "null" ? "null" : "\"" $3 "\""
    printf "%s{\"name\":\"%s\",\"arch\":\"%s\",\"version\":%s,\"whole\":%s}", gap, $1, $2, version, $4; gap = ","
  }'
  printf ']}\n'
}
finish() { done_with "$1" >"$op/answer.new" && mv "$op/answer.new" "$op/answer"; }
`;

/** Start and poll, and the detached half itself: `work` runs in a session of its own, or as a transient systemd unit. */
export const detached = sh`
# The detached half of this script. The answer waits until it is known as a process, so that a poll finds it.
launch() {
  unset SUDO_UID SUDO_GID SUDO_USER SUDO_COMMAND
  if [ -z "$R" ] && [ -d /run/systemd/system ]; then
    said=$(systemd-run --quiet --collect --unit="patchherd-$id" --setenv=PATCHHERD_OP="$id" /bin/sh "$helper" 2>&1) ||
      refuse failed "systemd-run: $said"
  else
    PATCHHERD_OP=$id setsid /bin/sh "$helper" </dev/null >/dev/null 2>&1 9>&- &
  fi
  turns=0
  while [ ! -s "$op/process" ] && [ "$turns" -lt 200 ]; do sleep 0.05; turns=$((turns + 1)); done
}

# What apt is told for the way back of a preparation: the kept packages, and the new ones to remove.
way_back() { find "$1/undo" -name '*.deb' -type f; awk '$3 == "null" { print $1 "-" }' "$1/items"; }
# Others may need the new versions by now: they are not taken away to get the old ones back.
demand_way_back() {
  plan=$(apt-get -s -y -o Debug::NoLocking=1 --allow-downgrades install $(way_back "$1") 2>&1) ||
    refuse plan-differs "apt sees no way back: $(printf '%s\n' "$plan" | grep -E '^(E|Error):')"
  others=$(printf '%s\n' "$plan" | awk '!plan { item[$1]; next } ($1 == "Inst" || $1 == "Remv") && !($2 in item) { print $1, $2 }' \
    "$1/items" plan=1 -)
  [ -z "$others" ] || refuse plan-differs "the way back would also change other packages: $others"
}

start() {
  [ ! -d "$op" ] || answer started
  case $op_name in
    install)
      items_of_order >"$state/items.new"
      demand_plan "$state/items.new" ;;
    undo)
      of=$state/ops/$(text_of of)
      [ -f "$of/sums" ] || refuse no-undo 'the old versions were not kept'
      [ ! -s "$of/sums" ] || (cd "$of/undo" && sha256sum --status -c ../sums) ||
        refuse no-undo 'the kept old versions are not what was kept'
      demand_way_back "$of" ;;
  esac
  (umask 077; mkdir "$op") || refuse failed "cannot write to $op"
  case $op_name in
    install) mv "$state/items.new" "$op/items"; text_of conffiles >"$op/conffiles" ;;
    undo) cp "$of/items" "$op/items"; text_of of >"$op/of" ;;
    reboot) boot_id >"$op/boot" ;;
  esac
  echo "$op_name" >"$op/kind"
  sync "$op/kind" "$op" "$state/ops"
  launch
  answer started
}

poll() {
  [ -d "$op" ] || answer unknown-op
  kind=$(cat "$op/kind" 2>/dev/null)
  if [ "$kind" = reboot ] && [ "$(cat "$op/boot")" != "$(boot_id)" ]; then done_with 0; return; fi
  if [ "$kind" = prepare ]; then
    exec 8>"$op/lock"
    flock -n 8 || answer running
    [ -s "$op/answer" ] || answer unknown-op
  elif is_alive || [ ! -e "$op/process" ] && [ -n "$(find "$op" -maxdepth 0 -mmin -1)" ]; then
    answer running
  elif [ "$kind" = reboot ] && [ ! -s "$op/answer" ] && [ -n "$(find "$op" -maxdepth 0 -mmin -10)" ]; then
    answer running
  fi
  if [ ! -s "$op/answer" ]; then
    echo 'patchherd: the work ended without a result: it was killed, or the device went down' >>"$op/log"
    finish 255 || { done_with 255; return; }
  fi
  cat "$op/answer"
}

# Runs a program to its end; a poll counts it as alive even when this script is gone.
logged() {
  printf '$ %s\n' "$*" >>"$op/log"
  "$@" </dev/null >>"$op/log" 2>&1 &
  track $!
  wait $!
}
# confdef would keep a changed file even when the new one is wanted (dpkg(1), --force-things).
conffile_rule() { if [ "$1" = replace ]; then echo --force-confnew; else echo --force-confdef,confold; fi; }
apt_install() {
  rule=$1
  shift
  logged apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root \
    -o "Dpkg::Options::=$(conffile_rule "$rule")" "$@"
}

# Naming a package marks it as wanted by a person: what was automatic stays automatic, and so does what an update pulls in.
automatic_items() { awk '$3 != "null" && $4 != "null" { print $1 }' "$op/items" | xargs -r apt-mark showauto; }
new_items() { awk '$3 == "null" { print $1 }' "$op/items"; }
stay_automatic() { [ -z "$*" ] || logged apt-mark auto "$@" || true; }

install() {
  automatic=$(automatic_items)
  code=0
  apt_install "$(cat "$op/conffiles")" $(removal_rule_of "$op/items") install $(targets_of "$op/items") || code=$?
  stay_automatic $automatic
  stay_automatic $(new_items)
  finish "$code"
}

# Everything as the items had it before: old versions whole, new packages gone.
is_undone() { states | paste -d ' ' - "$op/items" | awk '$3 != $7 || $4 != "true" { bad = 1 } END { exit bad || NR == 0 }'; }

# apt first. One half-configured package makes it exit 100 although the packages went back, so they are asked, not the exit code;
# and after an interrupted dpkg it refuses altogether: then dpkg itself.
undo() {
  cd "$state/ops/$(cat "$op/of")/undo" || { finish 1; return; }
  automatic=$(automatic_items)
  code=0
  apt_install keep install --allow-downgrades $(way_back "\${PWD%/undo}") || code=$?
  if ! is_undone; then
    code=0
    debs=$(find "$PWD" -name '*.deb' -type f)
    new=$(new_items)
    [ -z "$debs" ] || logged dpkg --force-downgrade --force-confdef,confold -i $debs || code=$?
    [ -z "$new" ] || logged dpkg --remove $new || code=$?
    logged dpkg --force-confdef,confold --configure -a || code=$?
  fi
  stay_automatic $automatic
  if is_undone; then finish 0; else finish "$((code > 0 ? code : 1))"; fi
}

reboot() {
  sleep 1
  if [ -n "$R" ]; then logged "$R/sbin/reboot"
  elif [ -d /run/systemd/system ]; then logged systemctl reboot
  else logged shutdown -r now; fi || finish "$?"
}

work() {
  cd /
  track $$
  case $(cat "$op/kind") in
    install) install ;;
    undo) undo ;;
    reboot) reboot ;;
  esac
}
`;
