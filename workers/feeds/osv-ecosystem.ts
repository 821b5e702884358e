/** OSV's names of distributions and releases ("Ecosystem" strings, OSV schema 1.7) in ours. */
import { type Affected, releaseOf } from '../../domain/model/advisory.ts';

/** Where an OSV record's entry counts. */
export type Place = Pick<Affected, 'release' | 'names' | 'requires' | 'module'>;

const source = (release: string): Place => ({ release, names: 'source', requires: null, module: null });

/** The release that an ecosystem string means; null when it is none that a device can have (unstable, another language's packages). */
export function placeOf(ecosystem: string): Place | null {
  const [system = '', ...rest] = ecosystem.split(':');
  const release = rest.join(':');
  switch (system) {
    case 'Debian':
      return numbered('debian', /^(\d+(?:\.\d+)?)$/.exec(release));
    case 'Alpine':
      return numbered('alpine', /^v(\d+\.\d+)$/.exec(release));
    case 'Rocky Linux': // its OSV export writes only the src packages of an advisory
      return numbered('rocky', /^(\d+)(?:\.\d+)?$/.exec(release));
    case 'AlmaLinux': {
      const place = numbered('almalinux', /^(\d+)(?:\.\d+)?$/.exec(release));
      return place && { ...place, names: 'binary' }; // against the OSV schema, which asks for source packages
    }
    case 'openSUSE':
      return numbered('opensuse-leap', /^Leap (\d+\.\d+)$/.exec(release));
    case 'SUSE':
      return suse(release);
    case 'Ubuntu':
      return ubuntu(release);
    default:
      return null;
  }
}

const numbered = (id: string, read: RegExpExecArray | null): Place | null =>
  read?.[1] ? source(releaseOf({ id, version: read[1] })) : null;

/**
 * `22.04:LTS`, `24.10`, `Pro:18.04:LTS`, `Pro:FIPS-updates:20.04:LTS`, `22.04:LTS:for:NVIDIA:BlueField`. FIPS archives rebuild ordinary
 * packages under versions that do not compare with the ordinary ones (`2.fips.22` is newer than `2.23`), so their entries are for
 * devices that have them switched on: a stream named `fips`.
 */
function ubuntu(release: string): Place | null {
  const version = /(?:^|:)(\d{1,2}\.\d{2})(?::|$)/.exec(release)?.[1];
  if (!version) return null;
  const words = release.split(':');
  return {
    ...source(`ubuntu:${version}`),
    requires: words[0] === 'Pro' ? 'ubuntu-pro' : null,
    module: words.some((word) => word.startsWith('FIPS')) ? 'fips' : null,
  };
}

/**
 * `Linux Enterprise Server 15 SP5` and what is installed on top of it (modules, extensions, Package Hub, long-term support): the
 * device calls itself sles 15.5 with all of them.
 */
function suse(release: string): Place | null {
  const micro = /^Linux (Enterprise )?Micro (\d+\.\d+)$/.exec(release);
  if (micro) return source(`${micro[1] ? 'sle-micro' : 'sl-micro'}:${micro[2]}`);
  const product =
    /^(Linux Enterprise .+|Package Hub) (\d+)(?: SP(\d+))?(?:[- ](?:LTSS|ESPOS|BCL|TERADATA|CORE|PLD)\S*)*$/;
  const [, name, major, pack] = product.exec(release) ?? [];
  if (!name) return null;
  return source(`${name.endsWith('Desktop') ? 'sled' : 'sles'}:${pack ? `${major}.${pack}` : major}`);
}
