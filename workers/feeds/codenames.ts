/** Codenames of Debian and Ubuntu releases, as their own feeds write them, in our names of releases. */

/** Debian "sid" is left out: advisories for it are about versions that no release has. */
const debian: Readonly<Record<string, string>> = {
  etch: '4',
  lenny: '5',
  squeeze: '6',
  wheezy: '7',
  jessie: '8',
  stretch: '9',
  buster: '10',
  bullseye: '11',
  bookworm: '12',
  trixie: '13',
  forky: '14',
  duke: '15',
};

const ubuntu: Readonly<Record<string, string>> = {
  trusty: '14.04',
  xenial: '16.04',
  bionic: '18.04',
  focal: '20.04',
  jammy: '22.04',
  kinetic: '22.10',
  lunar: '23.04',
  mantic: '23.10',
  noble: '24.04',
  oracular: '24.10',
  plucky: '25.04',
  questing: '25.10',
  resolute: '26.04',
};

/** `debian:12` of `bookworm`; null for sid and names that nobody knows. */
export const debianRelease = (codename: string): string | null =>
  Object.hasOwn(debian, codename) ? `debian:${debian[codename]}` : null;

/** `ubuntu:24.04` of `noble`; null for names that nobody knows. */
export const ubuntuRelease = (codename: string): string | null =>
  Object.hasOwn(ubuntu, codename) ? `ubuntu:${ubuntu[codename]}` : null;
