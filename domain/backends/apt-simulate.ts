/** What installing some updates would really do on a device: apt's own simulation of each wish, and whether it can be undone. */
import type { TransactionItem } from '../model/patch.ts';
import { demandPackage } from './apt-names.ts';
import { readPlan, refusalOf } from './apt-plan.ts';
import { demandSection, sectionsOf, sh, unreadable } from './apt-text.ts';
import type { Simulation, Visit } from './backend.ts';

/** Wishes are arguments `package=version`, one wish from the next by `/`, which no name has. */
const script = sh`
export LC_ALL=C LANGUAGE=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
R=\${DPKG_ROOT:-}
printf '#patchherd architecture %s\n' "$(dpkg --print-architecture)"
plans=
simulate() {
  plan=$(apt-get -s -y -o Debug::NoLocking=1 -o APT::Get::Show-User-Simulation-Note=false install --only-upgrade $wish 2>&1)
  printf '#patchherd wish %s\n#patchherd plan %s\n%s\n' "$wish" "$?" "$plan"
  plans="$plans
$plan"
}
wish=
for argument in "$@"; do
  if [ "$argument" = / ]; then simulate; wish=; else wish="$wish $argument"; fi
done
[ -z "$wish" ] || simulate
echo '#patchherd kept'
if [ -x "$R/usr/bin/dpkg-repack" ]; then
  echo 'repack'
else
  for file in "$R"/var/cache/apt/archives/*.deb; do printf 'file %s\n' "\${file##*/}"; done
  replaced=$(printf '%s\n' "$plans" | awk '($1 == "Inst" || $1 == "Remv") && $3 ~ /^\[/ { print $2 }' | sort -u)
  [ -z "$replaced" ] || apt-cache madison $replaced | awk -F ' *[|] *' '{ sub(/^ +/, "", $1); print "offered", $1, $2 }'
fi
echo '#patchherd end'
`;

/** Simulates each wish on its own; see Backend.simulate. Throws Failure `package.bad-name`. */
export function simulate(wishes: readonly Simulation['want'][]): Visit {
  const argv = wishes.map((wish) =>
    wish.map(({ name, version }) => {
      demandPackage(name, version);
      return `${name}=${version}`;
    }),
  );
  const separated = argv.flatMap((wish, at) => (at === 0 ? wish : ['/', ...wish]));
  return { argv: ['sh', '-s', '--', ...separated], stdin: script };
}

function readWant(rest: string): Simulation['want'] {
  return rest
    .trim()
    .split(' ')
    .map((wish) => {
      const [name = '', version = ''] = wish.split('=', 2);
      return { name, version };
    });
}

/** Whether the replaced version can be had again: from an archive, from apt's cache, or packed up from what is installed. */
function canKeep(lines: readonly string[]): (item: TransactionItem) => boolean {
  const known = new Set(lines);
  const files = lines.filter((line) => line.startsWith('file '));
  return ({ name, from }) => {
    if (from === null || known.has('repack') || known.has(`offered ${name} ${from}`)) return true;
    const stem = `file ${name.replace(/:.*$/, '')}_${from.replaceAll(':', '%3a')}_`;
    return files.some((file) => file.startsWith(stem));
  };
}

/** Reads simulations in the order of the wishes; see Backend.readSimulations. Throws Failure `scan.unreadable`. */
export function readSimulations(stdout: string): readonly Simulation[] {
  const sections = sectionsOf(stdout);
  const native = demandSection(sections, 'architecture').rest;
  const kept = canKeep(demandSection(sections, 'kept').lines);
  return sections.flatMap(({ name, rest }, at): Simulation[] => {
    if (name !== 'wish') return [];
    const want = readWant(rest);
    const planned = sections[at + 1];
    if (planned?.name !== 'plan') return unreadable(`the plan of ${rest.trim()} is missing`);
    const problem = refusalOf(planned);
    if (problem) return [{ want, transaction: [], undo: 'none', problem }];
    const { installs, removals } = readPlan(planned.lines, native);
    const items = installs.map(({ name, arch, from, to }) => ({ name, arch, from, to }));
    const transaction = [...items, ...removals];
    return [{ want, transaction, undo: transaction.every(kept) ? 'downgrade' : 'none', problem: null }];
  });
}
