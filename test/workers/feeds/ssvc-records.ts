/** CVE records with CISA's decisions, of our own making. */

export const v31 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
/** The three points of a decision. */
export const options = (exploitation: unknown, automatable: unknown, impact: unknown) => [
  { Exploitation: exploitation },
  { Automatable: automatable },
  { 'Technical Impact': impact },
];
/** CISA's decision, as a metric. */
export const decision = (points: unknown, timestamp = '2024-08-26T19:23:51.698580Z') => ({
  other: { type: 'ssvc', content: { options: points, role: 'CISA Coordinator', timestamp } },
});
/** A CVSS vector, as a metric of this name. */
export const vector = (name: string, vectorString: unknown) => ({ [name]: { vectorString, baseScore: 1 } });

/** A record whose CNA and CISA give these metrics. */
export const record = (id: unknown, cna: readonly unknown[], cisa: readonly unknown[], state = 'PUBLISHED') => ({
  dataType: 'CVE_RECORD',
  cveMetadata: { cveId: id, state },
  containers: {
    cna: { metrics: cna, providerMetadata: { shortName: 'vendor' } },
    adp: [
      { title: 'CVE Program Container', providerMetadata: { shortName: 'CVE' } },
      { title: 'CISA ADP Vulnrichment', metrics: cisa, providerMetadata: { shortName: 'CISA-ADP' } },
    ],
  },
});
/** A record with a decision and a rating. */
export const usual = (id: string) => record(id, [vector('cvssV3_1', v31)], [decision(options('poc', 'yes', 'total'))]);
