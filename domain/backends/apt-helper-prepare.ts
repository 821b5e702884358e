/** The part of the root helper that makes ready: fresh lists, the approved plan compared, space, downloads, and the way back. */
import { sh } from './apt-text.ts';

/** The plan of the approved items: every one is named with its version, so that apt chooses nothing by itself. */
export const planning = sh`
targets_of() { awk '$4 == "null" { print $1 "-" } $4 != "null" { print $1 "=" $4 }' "$1"; }
removal_rule_of() { awk '$4 == "null" { found = 1 } END { if (!found) print "--no-remove" }' "$1"; }

# Refuses unless apt would do exactly what the file of items says. Leaves the items sorted beside it.
demand_plan() {
  plan=$(apt-get -s -y -o Debug::NoLocking=1 $(removal_rule_of "$1") install $(targets_of "$1") 2>&1) ||
    refuse plan-differs "apt refuses the approved transaction: $(printf '%s\n' "$plan" | grep -E '^(E|Error):' || printf '%s\n' "$plan" | tail -n 5)"
  native=$(dpkg --print-architecture)
  printf '%s\n' "$plan" | awk -v native="$native" '
    $1 == "Inst" {
      from = "null"; new = $3
      if ($3 ~ /^\[/) { from = substr($3, 2, length($3) - 2); new = $4 }
      match($0, / ?\[[a-z0-9-]+\]\)/)
      arch = substr($0, RSTART, RLENGTH); gsub(/[^a-z0-9-]/, "", arch)
      print $2, arch, from, substr(new, 2)
    }
    $1 == "Remv" { split($2, part, ":"); print $2, part[2] == "" ? native : part[2], substr($3, 2, length($3) - 2), "null" }
  ' | sort >"$1.now"
  sort "$1" >"$1.approved"
  differences=$(diff "$1.approved" "$1.now") ||
    refuse plan-differs "$(printf '%s\n' "$differences" | sed -n -e 's/^</approved:/p' -e 's/^>/now:/p')"
}

refuse_apt() { # why text: says whether only somebody else's lock was in the way
  case $2 in
    *'Could not get lock'* | *'Unable to acquire'* | *'Unable to lock'*) refuse busy "$2" ;;
    *) refuse failed "$1: $2" ;;
  esac
}

refresh() {
  said=$(apt-get -q -o DPkg::Lock::Timeout=60 -o APT::Update::Error-Mode=any update 2>&1) ||
    refuse_apt 'apt-get update failed' "$(printf '%s\n' "$said" | grep -E '^(E|W|Err|Error|Warning)[: ]' | tail -n 20)"
  # Older ones exit 0 although a list is missing; old lists would then pass for fresh ones.
  case $said in *'Failed to fetch'* | *'Some index files failed'*) refuse failed "apt-get update failed in part: $said" ;; esac
  printf '{"kind":"done","code":0,"log":"%s","packages":[]}\n' "$(printf '%s\n' "$said" | tail -n 20 | escape)"
}
`;

/** Old packages are kept beside the operation that asked for them: `undo` of the same id finds them there. */
export const preparing = sh`
# An upper bound: the packages, the kept old ones, and everything unpacked once more beside what is there.
demand_space() {
  get=$(apt-get -qq -y --print-uris install $(targets_of "$op/items") | awk '{ sum += $3 } END { printf "%d", sum / 1048576 }')
  unpacked=$(apt-cache show --no-all-versions $(awk '$4 != "null" { print $1 "=" $4 }' "$op/items") 2>/dev/null |
    awk '/^Installed-Size: / { sum += $2 } END { printf "%d", sum / 1024 }')
  need=$((2 * get + unpacked + 64))
  for place in / /usr /var /var/cache/apt/archives; do
    [ -d "$R$place" ] || continue
    free=$(df -Pk "$R$place" | awk 'NR == 2 { printf "%d", $4 / 1024 }')
    [ "$free" -ge "$need" ] || refuse disk "$need MiB are needed and $free MiB are free on $place"
  done
  if [ -d "$R/boot" ] && grep -q '^linux-image-[0-9]' "$op/items"; then
    free=$(df -Pk "$R/boot" | awk 'NR == 2 { printf "%d", $4 / 1024 }')
    [ "$free" -ge 200 ] || refuse disk "200 MiB are needed for a kernel and $free MiB are free on /boot"
  fi
}

deb_stem() { printf '%s_%s' "\${1%%:*}" "$(printf '%s' "$2" | sed 's/:/%3a/g')"; }
has_deb() { for file in "$1"_*.deb; do [ -f "$file" ] && return 0; done; return 1; }

# Brings the old packages of the items into the current folder: from an archive, from apt's cache, or packed up as installed.
keep_old() {
  old=$(awk '$3 != "null" { print $1 "=" $3 }' ../items)
  [ -z "$old" ] || apt-get -q -o APT::Sandbox::User=root download $old >>../log 2>&1 || true
  while read -r name _ from _; do
    [ "$from" != null ] || continue
    stem=$(deb_stem "$name" "$from")
    has_deb "$stem" || apt-get -q -o APT::Sandbox::User=root download "$name=$from" >>../log 2>&1 || true
    has_deb "$stem" || cp -- "$R/var/cache/apt/archives/$stem"_*.deb . 2>>../log || repack "$name" "$stem" || true
    if ! has_deb "$stem"; then echo "no way back: $name $from is neither offered nor kept" >>../log; return 1; fi
  done <../items
  find . -name '*.deb' -type f -exec sha256sum {} + >../sums.new && mv ../sums.new ../sums
}
# dpkg-repack leaves the epoch out of the file's name.
repack() {
  [ -x "$R/usr/bin/dpkg-repack" ] || return 1
  mkdir -p packed && (cd packed && "$R/usr/bin/dpkg-repack" \${R:+--root="$R"} "$1" >>../../log 2>&1) || return 1
  for file in packed/*.deb; do mv -- "$file" "$2_\${file##*_}"; done
}

prepare() {
  # The way back is kept for thirty days.
  find "$state/ops" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
  (umask 077; mkdir -p "$op/undo") || refuse failed "cannot write to $op"
  exec 8>"$op/lock"
  flock -n 8 || refuse busy 'this preparation is still going on'
  echo prepare >"$op/kind"
  rm -f "$op/sums"
  items_of_order >"$op/items"
  said=$(apt-get -q -o DPkg::Lock::Timeout=5 check 2>&1) || refuse_apt 'the package database is not in order' "$said"
  demand_plan "$op/items"
  demand_space
  said=$(apt-get -y -q -o APT::Sandbox::User=root --download-only $(removal_rule_of "$op/items") install $(targets_of "$op/items") 2>&1) ||
    refuse_apt 'the download failed' "$(printf '%s\n' "$said" | tail -n 20)"
  printf '%s\n' "$said" >"$op/log"
  undo=none
  (cd "$op/undo" && keep_old) && undo=downgrade
  printf '{"kind":"ready","undo":"%s","log":"%s"}\n' "$undo" "$(tail -c 65536 "$op/log" | escape)" >"$op/answer.new"
  mv "$op/answer.new" "$op/answer"
  cat "$op/answer"
}
`;
