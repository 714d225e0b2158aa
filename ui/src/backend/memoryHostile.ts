// Rows whose every text was written by somebody who means harm (promise P28): `?hostile`.
import type {
  ExceptionView,
  LicenseRow,
  RegistryDraftView,
  SecretRow,
  VulnerabilityRow,
} from '../bindings/more';

const CHARACTER = String.fromCodePoint;
const ESCAPE = CHARACTER(0x1b);
const RIGHT_TO_LEFT = CHARACTER(0x202e);
const ZERO_WIDTH = CHARACTER(0x200b);

/** Texts that would be markup, orders to a terminal, another direction, or unseen. */
export const HOSTILE: readonly string[] = [
  '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>',
  `${ESCAPE}[31mred${ESCAPE}[0m and ${ESCAPE}]0;title${CHARACTER(7)}`,
  `safe-${RIGHT_TO_LEFT}gnp.exe`,
  `look${ZERO_WIDTH}alike and а (Cyrillic) in pаypal`,
  `two\nlines\tand a tab${CHARACTER(0)}`,
  `${'very-long-'.repeat(420)}end`,
  '{{constructor.constructor("document.title=1")()}} ${7*7} %00 javascript:alert(1)',
  '<style>*{display:none}</style><svg onload=alert(1)>',
];

const text = (at: number): string => HOSTILE[at % HOSTILE.length] ?? '';
const DIGEST = '0123456789abcdef'.repeat(4);

export function hostileRows() {
  const vulnerabilities: VulnerabilityRow[] = HOSTILE.map((_, at) => ({
    problem: DIGEST,
    id: at === 0 ? text(0) : `CVE-2026-0000${at}`,
    aliases: [text(at + 1)],
    kind: 'vulnerability',
    severity: 'UNSCORED',
    score: null,
    scores: [{ version: 'unknown', vector: text(at), tenths: null, source: text(at + 2) }],
    words: [{ word: text(at), source: text(at) }],
    package: {
      purl: `pkg:npm/${text(at)}@1.0.0`,
      ecosystem: text(at + 3),
      name: text(at),
      version: text(at + 4),
    },
    path: [`pkg:npm/${text(at + 1)}@1.0.0`, `pkg:npm/${text(at)}@1.0.0`],
    fixed_versions: [text(at + 2)],
    lockfiles: [text(at + 5)],
    attributions: [{ tool: text(at), native_id: text(at + 6) }],
    summary: text(at),
    lifted_by: null,
  }));
  const secrets: SecretRow[] = HOSTILE.map((_, at) => ({
    problem: DIGEST,
    rule: text(at),
    path: text(at + 1),
    start_line: 0,
    end_line: 0,
    commit: text(at + 2),
    fingerprint: DIGEST,
    in_name: at % 2 === 0,
    attributions: [{ tool: text(at), native_id: text(at + 1) }],
    lifted_by: null,
  }));
  const licenses: LicenseRow[] = HOSTILE.map((_, at) => ({
    problem: DIGEST,
    unit: { of: 'file', path: text(at) },
    declared: [{ text: text(at + 1), spdx: null, source: text(at + 2) }],
    detected: [{ text: text(at + 3), spdx: null, source: text(at + 4) }],
    concluded: null,
    unknown_because: text(at + 5),
    texts: [{ path: text(at), sha256: DIGEST }],
    content_sha256: DIGEST,
    lockfiles: [text(at)],
    attributions: [{ tool: text(at), native_id: text(at) }],
    lifted_by: null,
  }));
  const exceptions: ExceptionView[] = HOSTILE.map((_, at) => ({
    exception: {
      id: `hostile-${at}`,
      matches: { type: 'gap', job: 'vuln', subject: text(at) },
      reason: text(at + 1),
      owner: text(at + 2),
      approver: { name: text(at + 3), how: 'typed' },
      created: '2026-11-01T00:00:00Z',
      expires: '2026-12-01T00:00:00Z',
    },
    state: 'live',
    days_left: 10,
    last_use: 'unused',
  }));
  const registry = (draft: RegistryDraftView): void => {
    HOSTILE.forEach((one, at) => {
      draft.diff.added_rights.push({
        right_id: `capability:hostile-${at}`,
        kind: 'capability',
        subject: one,
        capability_id: one,
        widens: [one],
        covered_by: one,
        sentence: one,
      });
      draft.diff.sentences.push({ subject: one, text: one, marks: ['right_widened'] });
      draft.diff.changed.push({
        capability_id: one,
        fields: [{ field: one, before: one, after: [one], gained: [one], lost: [one] }],
        marks: ['risk_raised'],
      });
    });
    draft.drafted_by = text(2);
    draft.validation = [text(0), text(1)];
  };
  return { vulnerabilities, secrets, licenses, exceptions, registry };
}
