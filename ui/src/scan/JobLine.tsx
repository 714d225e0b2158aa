import { elapsed } from '../shared/format';
import { jobTitle } from '../shared/jobs';
import type { LiveLine } from '../shared/liveScan';
import { Untrusted } from '../shared/Untrusted';
import { visible } from '../shared/untrusted';
import { StatusWord, Word } from '../shared/Word';
import styles from './JobLine.module.css';

/** One line of a running scan. */
export function JobLine({ line, elapsedMs }: { line: LiveLine; elapsedMs: number }) {
  const until = line.ended?.atMs ?? elapsedMs;
  return (
    <li className={styles.line}>
      <span className={styles.title}>{jobTitle(line.line)}</span>
      <span className={styles.doing}>
        <span className={styles.phase}>
          <Untrusted text={line.ended?.summary ?? line.phase} />
        </span>
        {line.ended === null && line.reading !== '' && (
          <span className={styles.reading} title={visible(line.reading)}>
            <Untrusted text={line.reading} mono />
          </span>
        )}
      </span>
      <span className={styles.clock}>{elapsed(until - line.begunMs)}</span>
      <span className={styles.word}>
        {line.ended === null ? (
          <Word tone="running" size="s">
            running
          </Word>
        ) : (
          <StatusWord status={line.ended.status} />
        )}
      </span>
    </li>
  );
}

/** A job that waits for the staged copy. */
export function WaitingLine({ job }: { job: string }) {
  return (
    <li className={styles.line}>
      <span className={styles.title}>{jobTitle(job)}</span>
      <span className={styles.doing} />
      <span className={styles.word}>
        <Word tone="quiet" size="s">
          waiting
        </Word>
      </span>
    </li>
  );
}
