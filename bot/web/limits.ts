/**
 * The web chat's numbers. They are ours, not a platform's: chosen so that one reader costs little and one card fits a
 * phone.
 */
export const limits = {
  /** A form is a few hundred bytes; the longest answer fits many times. */
  bodyBytes: 16 * 1024,
  answerChars: 500,
  lineChars: 1000,
  subjectChars: 500,
  /** Messages on one page; older ones are behind a link. */
  pageMessages: 40,
  /** Replies that one page reads for all its threads together, and shows in one folded thread. */
  pageReplies: 1000,
  foldedReplies: 20,
  /** Cards in one thread that are shown without unfolding, those that wait for a decision first. */
  openReplies: 10,
  linkTtlMs: 15 * 60_000,
  sessionTtlMs: 7 * 24 * 60 * 60_000,
  /** Requests of one session, or of one address without a session. */
  perSecond: 10,
  burst: 40,
  /** Callers that the rate limit remembers; the longest silent one is forgotten first. */
  callers: 10_000,
  /** Open pages that follow changes, together. */
  liveStreams: 200,
  /** A silent connection is probed, and missed changes are looked for, this often. */
  heartbeatMs: 15_000,
  /** Two writers may finish in another order than they got their numbers: each look goes back this far. */
  lookBack: 32,
  liveBatch: 200,
  /** Answers kept between a form post and the page that shows them. */
  flashes: 500,
} as const;
