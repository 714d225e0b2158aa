import type { ProblemDetail } from '../bindings/desk';
import type { ProblemStatus } from '../bindings/types';
import { Button } from '../shared/Button';
import { counted, short } from '../shared/format';
import { Icon } from '../shared/Icon';
import { Menu } from '../shared/Menu';
import { Sentence } from '../shared/Sentence';
import { Severity } from '../shared/Severity';
import { Time } from '../shared/Time';
import { Untrusted } from '../shared/Untrusted';
import { Standing, StatusName } from './columns';
import { FORMS, useCopyAs } from './useCopyAs';
import { useOpenFile } from './useOpenFile';
import styles from './PaneHead.module.css';

/** What it is, where it stands with people and since when; what can be done with it as a whole. */
export function PaneHead({
  detail,
  onStatus,
}: {
  detail: ProblemDetail;
  onStatus: (to: ProblemStatus) => void;
}) {
  const { problem } = detail.row;
  const copyAs = useCopyAs();
  const file = useOpenFile(problem.fingerprint, detail.row.file);
  return (
    <header className={styles.head}>
      <div className={styles.marks}>
        <Severity severity={problem.severity} />
        <Standing standing={detail.since.standing} />
        {problem.code !== null && (
          <code className={styles.code}>
            <Untrusted text={problem.code} />
          </code>
        )}
      </div>
      <h2 className={styles.title}>
        <Untrusted text={problem.title} lines />
      </h2>
      <p className={styles.line}>
        <StatusName status={problem.status} />
        {problem.status_reason !== '' && (
          <>
            {': '}
            <Untrusted text={problem.status_reason} />
          </>
        )}
        {' · '}
        seen {counted(problem.count, 'time')}, first <Time at={problem.first_seen} />, last{' '}
        <Time at={problem.last_seen} />
      </p>
      {detail.since.sentence !== '' && (
        <p className={styles.since}>
          <Icon name="timeline" size="s" />
          <span>
            <Sentence text={detail.since.sentence} capital />
          </span>
        </p>
      )}
      <div className={styles.acts}>
        {file.open !== undefined && (
          <Button icon="open" keys="e" look="primary" onClick={file.open}>
            Open in editor
          </Button>
        )}
        <Menu
          label="Set status"
          items={[
            { title: 'Acknowledge', keys: 'a', run: () => onStatus('acknowledged') },
            { title: 'Mute', keys: 'm', run: () => onStatus('muted') },
            { title: 'Resolve', keys: 'r', run: () => onStatus('resolved') },
            { title: 'Reopen', keys: 'o', run: () => onStatus('open') },
          ]}
        />
        <Menu
          label="Copy"
          icon="copy"
          items={FORMS.map(([form, title]) => ({
            title,
            run: () => copyAs([problem.fingerprint], form),
          }))}
        />
        <span className={styles.id} title={problem.fingerprint}>
          mex://problem/{short(problem.fingerprint)}
        </span>
      </div>
      {file.dialog}
    </header>
  );
}
