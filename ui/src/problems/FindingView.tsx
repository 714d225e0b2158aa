import type { ReactNode } from 'react';
import type { Attribution, Finding, LicenseStatement } from '../bindings/types';
import { KeyValues } from '../shared/KeyValues';
import { VulnGrade } from '../shared/Severity';
import { Said } from '../shared/Said';
import { Untrusted } from '../shared/Untrusted';
import styles from './FindingView.module.css';

/** What the tools said, merged. A secret is never shown: there is only its fingerprint. */
export function FindingView({ finding }: { finding: Finding | null }) {
  if (finding === null) return null;
  return <KeyValues rows={rowsOf(finding)} />;
}

type Row = readonly [string, ReactNode];

function rowsOf(finding: Finding): Row[] {
  switch (finding.type) {
    case 'vulnerability':
      return [
        ['Summary', <Untrusted key="s" text={finding.summary} lines />],
        ['Severity', <VulnGrade key="g" severity={finding.severity} />],
        [
          'Score',
          finding.scores.length === 0
            ? null
            : finding.scores.map((score) => (
                <span key={`${score.version} ${score.vector}`} className={styles.score}>
                  {score.tenths === null ? 'no score' : (score.tenths / 10).toFixed(1)}{' '}
                  <code>
                    <Untrusted text={score.vector} />
                  </code>
                </span>
              )),
        ],
        ['Package', <Untrusted key="p" text={finding.component.purl} mono />],
        [
          'Fixed in',
          finding.fixed_versions.length === 0 ? (
            'no fixed version is known'
          ) : (
            <List key="f" values={finding.fixed_versions} />
          ),
        ],
        ['Also known as', <List key="a" values={finding.aliases} />],
        ['Named by', <List key="l" values={finding.lockfiles} />],
        ['Said by', <SaidBy key="b" attributions={finding.attributions} />],
      ];
    case 'secret':
      return [
        ['Rule', <Untrusted key="r" text={finding.rule} mono />],
        ['File', <Untrusted key="p" text={finding.path} mono />],
        ['Lines', lines(finding.start_line, finding.end_line)],
        [
          'Commit',
          finding.commit === null ? null : <Untrusted key="c" text={finding.commit} mono />,
        ],
        ['Fingerprint', <Untrusted key="f" text={finding.fingerprint} mono />],
        ['Said by', <SaidBy key="b" attributions={finding.attributions} />],
      ];
    case 'license':
      return [
        ['Of', <Untrusted key="u" text={unitOf(finding.unit)} mono />],
        [
          'Concluded',
          finding.concluded === null ? (
            'UNKNOWN'
          ) : (
            <Untrusted key="c" text={finding.concluded} mono />
          ),
        ],
        [
          'Because',
          finding.unknown_because === '' ? null : <Said key="w" text={finding.unknown_because} />,
        ],
        ['Declared', <Statements key="d" statements={finding.declared} />],
        ['Detected', <Statements key="t" statements={finding.detected} />],
        ['Texts', <List key="x" values={finding.texts.map((text) => text.path)} />],
        ['Said by', <SaidBy key="b" attributions={finding.attributions} />],
      ];
    case 'component':
      return [
        ['Package', <Untrusted key="p" text={finding.component.purl} mono />],
        ['Named by', <List key="l" values={finding.locations} />],
      ];
  }
}

function unitOf(unit: Extract<Finding, { type: 'license' }>['unit']): string {
  switch (unit.of) {
    case 'component':
      return unit.component.purl;
    case 'project':
      return 'the project’s own files';
    case 'file':
      return unit.path;
  }
}

function lines(first: number, last: number): string | null {
  if (first === 0) return null;
  return first === last ? String(first) : `${first} to ${last}`;
}

function List({ values }: { values: readonly string[] }) {
  if (values.length === 0) return <>none</>;
  return (
    <span className={styles.list}>
      {values.map((value) => (
        <Untrusted key={value} text={value} mono />
      ))}
    </span>
  );
}

function Statements({ statements }: { statements: readonly LicenseStatement[] }) {
  if (statements.length === 0) return <>nothing</>;
  return (
    <span className={styles.list}>
      {statements.map((one) => (
        <span key={`${one.source} ${one.text}`}>
          <Untrusted text={one.text} mono /> in <Untrusted text={one.source} mono />
        </span>
      ))}
    </span>
  );
}

function SaidBy({ attributions }: { attributions: readonly Attribution[] }) {
  return (
    <span className={styles.list}>
      {attributions.map((one) => (
        <span key={`${one.tool} ${one.native_id}`}>
          {one.tool} as <Untrusted text={one.native_id} mono />
        </span>
      ))}
    </span>
  );
}
