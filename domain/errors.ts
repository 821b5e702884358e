/** Every refusal a person can meet, in the words they will read. One code, one sentence; `{name}` is filled from the refusal. */

export const sentences = {
  'proposal.stale': 'This changed since you looked: read the card again, then decide.',
  'proposal.no-such-move': 'That is no longer possible: this proposal is {state}.',
  'proposal.decided': 'Already {state} by {by} at {at}.',
  'proposal.voted': 'Your vote is already counted: {have} of {need} approvals so far.',
  'proposal.own': 'You asked for this yourself, so somebody else has to approve it.',
  'proposal.unknown': 'I do not know {subject}. Run list to see what is open.',
  'proposal.nothing-left': 'No device can get this patch at the moment. It is proposed as soon as one can.',
  'proposal.proposed-again': 'It was proposed again already: {id} is {state}.',
  'person.unknown': 'I do not know who you are: ask an admin to link your {platform} account ({user}).',
  'person.ambiguous': 'Two people are linked to this {platform} account: ask an admin to mend the links.',
  'person.may-not': 'You need the role {role} for this. You have: {roles}.',
  'card.unreadable': 'I cannot read this button: it is from another version. Run list for a fresh card.',
  'phrase.wrong': 'That was not the phrase. Type exactly: {phrase}',
  'verb.unknown': 'I do not know "{verb}". Did you mean {guess}? Run help to see everything.',
  'verb.missing': '{verb} needs {option}: {description}. Usage: {usage}',
  'value.wrong': '{name} is "{value}": {rule}',
  'verb.too-many': '{verb} does not know what to do with "{extra}". Usage: {usage}',
  'device.unknown': 'I do not know a device named "{name}". Run device list to see all of them.',
  'device.guess': 'I do not know a device named "{name}". Did you mean {guess}? Run device list to see all of them.',
  'device.exists': 'A device named "{name}" exists already.',
  'deployment.unknown': 'I do not know a deployment of {patch} on {device}.',
  'deployment.no-such-move': 'That is not possible: {device} is {state}.',
  'deployment.not-yours': 'Only the owner of {device} can defer it.',
  'deployment.no-undo': '{device} has no way back for this patch: its old versions were not kept.',
  'deferral.used-up': 'No deferral is left: {used} of {max} used. It will be installed at {at}.',
  'deferral.past-deadline': 'The next window would be after the deadline of {deadline}, so this cannot be deferred.',
  'deferral.no-window': 'There is no later window before the deadline of {deadline}, so this cannot be deferred.',
  'halt.none': 'Nothing is halted.',
  'halt.scope': 'I do not know "{scope}". Halt all, a device name, or a rollout id.',
  'patch.unknown': 'I do not know a patch named "{subject}".',
  'patch.retracted': 'This patch was taken back: {reason} Nothing of it starts until a person lifts that.',
  'patch.ambiguous': 'Several patches fit "{subject}": {ids}. Name one of them.',
  'patch.no-verdict':
    'This patch needs a verdict first: press Triage on its card, or run triage {patch} with necessary, desirable, neutral or undesirable, and why.',
  'patch.declined':
    'This patch is declined: {by} called it undesirable. {reason} Another verdict lifts that: run triage {patch} with necessary, desirable or neutral, and why.',
  'patch.not-retracted': '{subject} was not taken back.',
  'rollout.unknown': 'I do not know a rollout named "{subject}".',
  'rollout.no-such-move': 'That is not possible: this rollout is {state}.',
  'work-order.unknown': 'I do not know a work order named "{subject}".',
  'work-order.no-such-move': 'That is not possible: this work order is {state}.',
  'work-order.stale': 'Somebody changed this work order just now: look again.',
  'workaround.unknown': 'I do not know a workaround named "{subject}". Run workaround list to see all of them.',
  'workaround.no-such-move': 'That is not possible: this workaround is {state}.',
  'workaround.exists': 'That workaround is there already: {id}.',
  'advisory.unknown': 'I do not know an advisory named "{subject}" that a person added.',
  'catalog.unknown':
    'I looked for a proposal, a patch, a package, an advisory and a CVE named "{subject}" and found none. {hint}',
  'cve.unknown':
    'No feed has spoken of {id}, and no advisory of the releases that are read here names it: as far as the feeds know it concerns no device. {age}',
  'why.unknown':
    'I looked for a patch or package of {device}, an advisory and a CVE named "{subject}" and found none. {hint}',
  'why.not-scanned': '{device} was not scanned yet, so nothing is known of it. Run scan {device}.',
  'link.expired': 'This login link was used already or has expired: ask for a new one.',
} as const;

export type RefusalCode = keyof typeof sentences;
/** A refusal with the words that its sentence needs. */
export type Refusal = { readonly code: RefusalCode; readonly [word: string]: string | number };

/** The sentence that a person reads. A word that is missing shows as its name, so that nothing is silently empty. */
export const explain = (refusal: Refusal): string =>
  sentences[refusal.code].replace(/\{(\w+)\}/g, (_, word: string) => String(refusal[word] ?? word));
