// What went wrong, in the window's words: a title by the closed code, and where the next step is.
// Never by the text of a message.
import { to } from './paths';

export interface Trouble {
  title: string;
  /** What it means for who sees it: what did not happen, and that nothing is lost. */
  means: string;
  /** Where the next step is done. */
  next?: { word: string; to: string };
}

const UNKNOWN: Trouble = {
  title: 'This could not be done',
  means: 'Nothing was changed.',
};

const RECORDER: Trouble = {
  title: 'The Flight Recorder cannot be used',
  means: 'Nothing runs while nothing can be recorded. What was recorded before is untouched.',
  next: { word: 'See where the data folder is', to: to.settings() },
};

const TOOL: Trouble = {
  title: 'A scanner is not ready',
  means: 'What it should have looked at counts as not scanned, never as clean.',
  next: { word: 'Go to Tools', to: to.tools() },
};

const DATABASE: Trouble = {
  title: 'An advisory database cannot be used',
  means: 'What it should have answered counts as not scanned, never as clean.',
  next: { word: 'Go to Tools and databases', to: to.tools() },
};

const FOLDER: Trouble = {
  title: 'The project folder cannot be scanned',
  means: 'No scan was begun, and no earlier result was changed.',
  next: { word: 'Choose another folder', to: to.home() },
};

const DAMAGED: Trouble = {
  title: 'A stored document is damaged or gone',
  means: 'It is not shown, because what it says cannot be trusted. Nothing is taken as clean.',
  next: { word: 'See what the recorder says of it', to: to.timeline() },
};

/** By code; a test holds every one to the closed list. */
export const TROUBLES: Record<string, Trouble> = {
  'HSK-500-DB': RECORDER,
  'MEX-CHAIN-BROKEN': { ...RECORDER, title: 'The Flight Recorder’s chain does not hold' },
  'MEX-DATA-DIR': {
    title: 'The data folder cannot be used',
    means:
      'It may be on a full disk, not writable, or held by another process. Nothing was changed.',
  },
  'MEX-DATA-FUTURE': {
    title: 'A newer mex wrote this data folder',
    means: 'This version does not touch it.',
  },
  'MEX-DATA-CORRUPT': {
    title: 'The data folder’s database is damaged',
    means: 'Nothing was changed. Move the folder away and put a backup in its place.',
  },
  'MEX-STORE-IO': {
    title: 'The artifact store cannot be read or written',
    means: 'The disk may be full. What was recorded before is untouched.',
  },
  'MEX-STORE-MISSING': DAMAGED,
  'MEX-STORE-CORRUPT': DAMAGED,
  'MEX-STAGE-MISSING': { ...FOLDER, title: 'The project folder is gone' },
  'MEX-STAGE-NOT-A-FOLDER': FOLDER,
  'MEX-STAGE-UNREADABLE': FOLDER,
  'MEX-STAGE-EMPTY': { ...FOLDER, title: 'The project folder is empty' },
  'MEX-STAGE-CHANGED': { ...FOLDER, title: 'The project changed while it was read' },
  'MEX-STAGE-IO': { ...FOLDER, title: 'The disk could not hold the staged copy' },
  'MEX-INTEGRITY-TOOL-MISSING': TOOL,
  'MEX-INTEGRITY-TOOL-CHANGED': { ...TOOL, title: 'A scanner is not the pinned one' },
  'MEX-INTEGRITY-CONFORMANCE': TOOL,
  'MEX-TOOLCHAIN-INSTALL': { ...TOOL, title: 'A scanner could not be installed' },
  'MEX-DB-MISSING': DATABASE,
  'MEX-DB-STALE': DATABASE,
  'MEX-DB-EMPTY': DATABASE,
  'MEX-DB-FETCH': { ...DATABASE, title: 'The advisory databases could not be fetched' },
  'MEX-CAP-CONSENT': {
    title: 'This needs a consent',
    means: 'Nothing was fetched and nothing left this machine.',
    next: { word: 'Go to Consents', to: to.consents() },
  },
  'MEX-SANDBOX-UNAVAILABLE': {
    title: 'There is no sandbox here',
    means: 'Tools run unsandboxed and every result says so; a release does not pass.',
  },
  'MEX-NOT-FOUND': {
    title: 'There is nothing with this id',
    means: 'It may have been purged, or belongs to another data folder.',
  },
  'MEX-AMBIGUOUS-ID': {
    title: 'More than one thing starts with this id',
    means: 'Give more of it.',
  },
  'MEX-REGISTRY-STALE': {
    title: 'What was shown is no longer what there is',
    means: 'Nothing was decided. Read the draft anew, then decide about that.',
  },
  'MEX-REGISTRY-REVIEW': {
    title: 'The decision does not stand',
    means: 'Nothing was approved and nothing rejected.',
  },
  'MEX-REGISTRY-PUBLISH': {
    title: 'Nothing was published',
    means: 'The registry in force stays in force.',
  },
  'MEX-REGISTRY-INVALID': {
    title: 'A registry document is not valid',
    means: 'It is not used. The registry in force stays in force.',
  },
  'MEX-IMPORT-FORMAT': {
    title: 'This is no report that can be taken in',
    means: 'Nothing came in. Drop a project folder, or a SARIF, CycloneDX or OpenVEX document.',
  },
  'MEX-INPUT-NOT-JSON': { title: 'This is no JSON document', means: 'Nothing came in.' },
  'MEX-INPUT-TOO-BIG': { title: 'This is over the size limit', means: 'Nothing came in.' },
  'MEX-INPUT-UNREADABLE': { title: 'A file cannot be read', means: 'Nothing was changed.' },
  'MEX-SIGNATURE-INVALID': {
    title: 'The signature counts for nothing',
    means: 'Nothing was approved and nothing rejected.',
  },
  'MEX-EXCEPTION-INVALID': {
    title: 'The exception is not valid',
    means: 'Nothing was accepted and nothing changed.',
  },
  'MEX-CANCELLED': { title: 'Stopped', means: 'What was recorded until then stays.' },
  'MEX-INTERRUPTED': {
    title: 'It was interrupted',
    means: 'mex ended before this did. There is no verdict.',
  },
  'MEX-INTERNAL': {
    title: 'mex did something it should not',
    means: 'Nothing is taken as done. Please report the message.',
  },
};

export function troubleOf(code: string): Trouble {
  return TROUBLES[code] ?? UNKNOWN;
}
