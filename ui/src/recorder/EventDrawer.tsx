import type { ReactNode } from 'react';
import type { StoredEvent } from '../bindings/types';
import { useAsk } from '../backend/use';
import { Answer } from '../shared/Answer';
import { IconButton } from '../shared/Button';
import { Json } from '../shared/Code';
import { Drawer } from '../shared/Drawer';
import { count, moment, words } from '../shared/format';
import { Id } from '../shared/Id';
import { KeyValues } from '../shared/KeyValues';
import { to } from '../shared/paths';
import { Sentence } from '../shared/Sentence';
import { Untrusted } from '../shared/Untrusted';
import { Word } from '../shared/Word';
import { says } from './says';
import styles from './Timeline.module.css';

/** One event: its sentence, where it belongs, what it names, and the whole of it as it is chained. */
export function EventDrawer({
  id,
  onClose,
  onMove,
}: {
  id: string;
  onClose: () => void;
  onMove: (step: number) => void;
}) {
  const event = useAsk('event', { id });
  return (
    <Drawer
      title="Event"
      onClose={onClose}
      head={
        <>
          <IconButton icon="back" label="Newer event" onClick={() => onMove(-1)} />
          <IconButton icon="forward" label="Older event" onClick={() => onMove(1)} />
        </>
      }
    >
      <div className={styles.event}>
        <Answer of={event}>{(stored) => <Whole stored={stored} />}</Answer>
      </div>
    </Drawer>
  );
}

function Whole({ stored }: { stored: StoredEvent }) {
  const { event } = stored;
  const { text, outcome } = says(event);
  const { op_id: op }: Record<string, unknown> = { ...event.payload };
  const links: (readonly [string, ReactNode])[] = [
    ['Event', <Id key="id" id={event.event_id} what="event" />],
    ['Recorded', moment(event.timestamp)],
    ['By', <Untrusted key="who" text={`${event.actor_id} (${event.actor})`} />],
    [
      'Scan',
      event.workflow_run_id ? (
        <Id id={event.workflow_run_id} what="scan" to={to.scan(event.workflow_run_id)} />
      ) : null,
    ],
    ['Job', event.job_id ? <Id id={event.job_id} what="job" to={to.job(event.job_id)} /> : null],
    ['Attempt', typeof op === 'string' ? <Id id={op} what="gates of" to={to.gates(op)} /> : null],
    ['Place', `${count(stored.seq)} in the chain`],
    ['Hash', <Id key="hash" id={stored.hash} what="hash" />],
    ['Before it', <Id key="prev" id={stored.prev_hash} what="hash of the event before" />],
  ];
  const artifacts = handles(event.payload);
  return (
    <>
      <h3 className={styles.sentence}>
        <Sentence text={text} capital />
      </h3>
      {outcome !== null && (
        <p>
          <Word tone={outcome.tone}>{outcome.word}</Word>
        </p>
      )}
      <KeyValues rows={links} />
      {artifacts.length > 0 && (
        <section className={styles.part}>
          <h3>Names these artifacts</h3>
          <KeyValues
            rows={artifacts.map(
              (one) =>
                [
                  words(one.role),
                  <Id
                    key={one.sha256}
                    id={one.sha256}
                    what="artifact"
                    to={to.artifact(one.sha256)}
                  />,
                ] as const,
            )}
          />
        </section>
      )}
      <section className={styles.part}>
        <h3>As it is chained</h3>
        <Json value={stored} label="event" />
      </section>
    </>
  );
}

interface Named {
  sha256: string;
  role: string;
}

/** Every artifact a payload names, each once. */
function handles(value: unknown, found: Named[] = []): Named[] {
  if (Array.isArray(value)) for (const one of value) handles(one, found);
  else if (typeof value === 'object' && value !== null) {
    const one = value as Partial<Named> & { media_type?: unknown };
    if (typeof one.sha256 === 'string' && typeof one.role === 'string' && 'media_type' in one) {
      if (!found.some((known) => known.sha256 === one.sha256))
        found.push({ sha256: one.sha256, role: one.role });
    } else for (const part of Object.values(value)) handles(part, found);
  }
  return found;
}
