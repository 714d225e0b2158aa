import { Button, IconButton } from '../shared/Button';
import { elapsed } from '../shared/format';
import { Icon } from '../shared/Icon';
import { Said } from '../shared/Said';
import { TroubleView } from '../shared/TroubleView';
import { Untrusted } from '../shared/Untrusted';
import { StatusWord, Word } from '../shared/Word';
import type { ChoreState } from './useChore';
import styles from './Tools.module.css';

/** What is being done, line by line, with its cancel; then how it ended. */
export function ChorePanel({
  title,
  state,
  onCancel,
  onClose,
  again,
}: {
  title: string;
  state: ChoreState;
  onCancel: () => void;
  onClose: () => void;
  again: () => void;
}) {
  const running = state.end === 'running';
  if (state.end !== 'running' && state.end !== 'done') {
    return <TroubleView refusal={state.end} again={again} />;
  }
  return (
    <section className={styles.chore} aria-label={title}>
      <header className={styles.choreHead}>
        {running ? (
          <Word tone="running" size="s">
            running
          </Word>
        ) : (
          <Word tone="pass" size="s">
            done
          </Word>
        )}
        <h2>{title}</h2>
        <span className={styles.clock}>{elapsed(state.elapsed_ms)}</span>
        {running ? (
          <Button onClick={onCancel}>Cancel</Button>
        ) : (
          <IconButton icon="close" label="Close the progress" onClick={onClose} />
        )}
      </header>
      {state.lines.length > 0 && (
        <ul className={styles.lines}>
          {state.lines.map((line) => (
            <li key={line.line} className={styles.line}>
              {line.ended === null ? (
                running ? (
                  <Icon name="spinner" size="s" />
                ) : (
                  <Icon name="dash" size="s" />
                )
              ) : (
                <StatusWord status={line.ended.status} />
              )}
              <strong>
                <Untrusted text={line.line} />
              </strong>
              <span className={styles.phase}>
                {line.ended === null ? (
                  <>
                    <Said text={line.phase} /> <Untrusted text={line.reading} mono />
                  </>
                ) : (
                  <Said text={line.ended.summary} />
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      {state.notes.map((note, index) => (
        <p key={index} className={styles.note}>
          <Said text={note} />
        </p>
      ))}
    </section>
  );
}
