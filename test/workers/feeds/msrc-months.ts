/** Microsoft's monthly documents of our own making, with as much in them as a test needs. */

type Fix = {
  readonly article: string;
  readonly product: string;
  readonly build?: string;
  readonly type?: string;
  readonly extra?: string;
};
const products: Readonly<Record<string, string>> = {
  '11923': 'Windows Server 2022',
  '11924': 'Windows Server 2022 (Server Core installation)',
  '12098': 'Windows 11 Version 22H2 for x64-based Systems',
  '12130': '.NET 7.0',
};
const fixOf = ({ article, product, build = '', type = 'Vendor Fix', extra = '' }: Fix) =>
  `<vuln:Remediation Type="${type}"><vuln:Description>${article}</vuln:Description>
   <vuln:URL>https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB${article}</vuln:URL>${extra}
   <vuln:ProductID>${product}</vuln:ProductID><vuln:SubType>Security Update</vuln:SubType>
   <vuln:FixedBuild>${build}</vuln:FixedBuild></vuln:Remediation>`;
/** The vendor's word about one product, as a threat of a vulnerability. */
export const severity = (word: string, product: string) =>
  `<vuln:Threat Type="Severity"><vuln:Description>${word}</vuln:Description><vuln:ProductID>${product}</vuln:ProductID></vuln:Threat>`;
type Parts = {
  readonly cve?: string;
  readonly title?: string;
  readonly threats?: string;
  readonly dates?: readonly string[];
  readonly fixes?: readonly Fix[];
};
/** One CVE with the articles that fix it. */
export const vulnerability = ({
  cve = 'CVE-2026-1000',
  title = 'Kernel Elevation of Privilege',
  threats = '',
  dates = ['2026-03-10T07:00:00'],
  fixes = [],
}: Parts) =>
  `<vuln:Vulnerability Ordinal="1"><vuln:Title>${title}</vuln:Title><vuln:CVE>${cve}</vuln:CVE>
   <vuln:Threats>${threats}</vuln:Threats><vuln:Remediations>${fixes.map(fixOf).join('')}</vuln:Remediations>
   <vuln:RevisionHistory>${dates.map((date) => `<vuln:Revision><cvrf:Date>${date}</cvrf:Date></vuln:Revision>`).join('')}</vuln:RevisionHistory>
   </vuln:Vulnerability>`;
/** A month with these vulnerabilities. */
export const month = (...vulnerabilities: readonly string[]) =>
  `<cvrf:cvrfdoc xmlns:vuln="http://www.icasi.org/CVRF/schema/vuln/1.1" xmlns:prod="http://www.icasi.org/CVRF/schema/prod/1.1"
   xmlns:cvrf="http://www.icasi.org/CVRF/schema/cvrf/1.1"><prod:ProductTree>
   <prod:Branch Type="Vendor" Name="Microsoft"><prod:Branch Type="Product Family" Name="Mariner">
   <prod:FullProductName ProductID="20001">azl3 curl 8.8.0-1</prod:FullProductName>
   <prod:FullProductName ProductID="20002">kernel on some Linux</prod:FullProductName></prod:Branch></prod:Branch>
   ${Object.entries({ ...products, '20002': 'kernel on some Linux' })
     .map(([id, name]) => `<prod:FullProductName ProductID="${id}">${name}</prod:FullProductName>`)
     .join('')}
   </prod:ProductTree>${vulnerabilities.join('')}</cvrf:cvrfdoc>`;
/** A fix of Windows Server 2022. */
export const server = { article: '5035857', product: '11923', build: '10.0.20348.2340' };
