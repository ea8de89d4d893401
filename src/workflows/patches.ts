/**
 * Changes that a run begun before them must not see: its history was written without. Each is asked about only where it
 * matters, so that the history of an ordinary run holds no marker.
 */
export const patches = {
  /** A texted code that is there before the answer with its challenge is kept. */
  earlyCodes: 'early-codes',
  /** A text that surely did not leave is not counted. */
  textsGivenBack: 'texts-given-back',
  /** A factor that somebody else made active, or whose deletion could take more with it, is not undone. */
  undoOwnOnly: 'undo-own-only',
} as const;
