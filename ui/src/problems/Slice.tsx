import type { StoredEvent } from '../bindings/types';
import { eventLine, eventName } from '../shared/eventWords';
import { clock, moment } from '../shared/format';
import { Link } from '../shared/Link';
import { to } from '../shared/paths';
import { Untrusted } from '../shared/Untrusted';
import styles from './Slice.module.css';

/** What was recorded around it, oldest first; each line leads to the event itself. */
export function Slice({ events, jobId }: { events: readonly StoredEvent[]; jobId: string | null }) {
  if (events.length === 0)
    return <p className={styles.none}>Nothing was recorded around it, or retention took it.</p>;
  return (
    <>
      <ol className={styles.slice}>
        {events.map(({ seq, event }) => (
          <li key={seq} className={styles.event}>
            <time
              dateTime={event.timestamp}
              title={moment(event.timestamp)}
              className={styles.time}
            >
              {clock(event.timestamp)}
            </time>
            <Link to={to.event(event.event_id)} className={styles.name}>
              {eventName(event)}
            </Link>
            <span className={styles.line}>
              <Untrusted text={eventLine(event)} />
            </span>
          </li>
        ))}
      </ol>
      {jobId !== null && (
        <Link to={to.timeline({ job: jobId })}>The whole timeline of this job</Link>
      )}
    </>
  );
}
